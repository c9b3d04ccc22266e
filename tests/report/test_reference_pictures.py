import numpy as np

from kittiseg.project.pixels import decode_rgb
from kittiseg.report.reference_pictures import LARGEST_FILE, reference_picture
from kittiseg.report.toy_street import SIZE


def test_a_flip_shows_the_street_and_its_mirror_image():
    """Before on the left, after on the right, pixels and objects together but for the rounding of outlines."""
    image_hwc = decode_rgb(reference_picture("flip"), name="flip")
    before_hwc = image_hwc[: SIZE.height, : SIZE.width].astype(int)
    after_hwc = image_hwc[: SIZE.height, SIZE.width + 10 : 2 * SIZE.width + 10]

    assert np.abs(before_hwc[:, ::-1] - after_hwc).mean() < 3
    assert np.abs(before_hwc - after_hwc).mean() > 10


def test_a_decision_shows_a_picture_for_each_way():
    """Two rows."""
    assert decode_rgb(reference_picture("if"), name="if").shape[0] > 2 * SIZE.height


def test_noise_fits_into_a_small_file():
    """It loses bits of its colours rather than exceed the limit."""
    assert len(reference_picture("noise")) <= LARGEST_FILE
