"""Pictures with more pixels than OpenCV decodes."""

import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from kittiseg.errors import DataError
from kittiseg.project.large import decode_large
from kittiseg.project.pixels import decode_labels, encode
from tests.data.odd_pictures import good_pictures
from tests.data.projects import picture

GOOD = good_pictures()

BEYOND_THE_LIMIT = """
from kittiseg.project.pixels import decode_labels, decode_rgb, encode
from tests.data.projects import picture
image_hwc = picture()
assert (decode_rgb(encode(image_hwc, ".png"), name="a.png") == image_hwc).all()
assert (decode_labels(encode(image_hwc[:, :, 0], ".png"), name="a.png") == image_hwc[:, :, 0]).all()
"""


@pytest.mark.parametrize("name", GOOD)
def test_every_kind_of_picture_becomes_rgb_as_by_opencv(name: str) -> None:
    """Grey, 16 bits, transparency, palettes and EXIF turns; 16 bits of colour lose what the upper 8 do not have."""
    data, expected_hwc = GOOD[name]

    np.testing.assert_array_equal(decode_large(data, as_rgb=True, name=name), expected_hwc)


def test_labels_keep_their_depth() -> None:
    labels_hw = np.array([[0, 1, 65535], [256, 7, 26]], np.uint16)
    data = encode(labels_hw, ".png")

    np.testing.assert_array_equal(decode_large(data, as_rgb=False, name="a"), decode_labels(data, name="a"))


def test_a_picture_beyond_opencvs_limit_is_decoded_all_the_same() -> None:
    """The limit is set to less than the 48 px of a test picture; OpenCV asks for it when it is imported."""
    environment = {**os.environ, "OPENCV_IO_MAX_IMAGE_PIXELS": "20"}

    subprocess.run([sys.executable, "-c", BEYOND_THE_LIMIT], env=environment, check=True)


def test_pillows_own_limit_is_back_afterwards() -> None:
    """It guards other users of Pillow in this process."""
    before = Image.MAX_IMAGE_PIXELS

    decode_large(encode(picture(), ".png"), as_rgb=True, name="a.png")

    assert before is not None
    assert before == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize("cut", [0, 20, 90])
def test_a_damaged_picture_is_named(cut: int) -> None:
    with pytest.raises(DataError, match=r"far.png: not a picture, or damaged.*replace the file"):
        decode_large(encode(picture(), ".png")[:cut], as_rgb=True, name="far.png")
