"""What of a picture a window shows."""

import numpy as np
import pytest

from kittiseg.inference.grid import Axis, Grid
from kittiseg.inference.regions import Region
from kittiseg.project.geometry import Size, Window
from kittiseg.project.pixels import LazyImage
from tests.data.projects import picture


def padded_region(place: Window, canvas: Size) -> Region:
    """One window, larger than the place on the axes where the canvas is."""
    rows, columns = Axis(canvas.height, canvas.height, (0,)), Axis(canvas.width, canvas.width, (0,))
    return Region(place, Grid(rows, columns))


@pytest.mark.parametrize("size", [Size(height=1, width=1), Size(height=2, width=7), Size(height=5, width=5)])
def test_padding_reflects_as_numpy_does(size: Size):
    """What is missing comes from reflection, swinging back and forth where the picture is very small."""
    image_hwc = picture(size)
    region = padded_region(Window.whole(size), Size(height=8, width=7))

    window_hwc = region.cut(LazyImage.from_array(image_hwc), Window(top=0, left=0, height=8, width=7))

    top, left = (8 - size.height) // 2, (7 - size.width) // 2
    sides = [(top, 8 - size.height - top), (left, 7 - size.width - left), (0, 0)]
    np.testing.assert_array_equal(window_hwc, np.pad(image_hwc, sides, mode="reflect"))
    np.testing.assert_array_equal(window_hwc[region.inner.slices], image_hwc)


def test_a_window_of_a_part_of_a_picture():
    """The grid's coordinates begin at the part's corner; pixels come from the picture without a copy."""
    image_hwc = picture(Size(height=9, width=9))
    region = Region(Window(top=2, left=3, height=4, width=5), Grid(Axis(4, 2, (0, 2)), Axis(5, 3, (0, 2))))
    window = Window(top=2, left=2, height=2, width=3)

    shown_hwc = region.cut(LazyImage.from_array(image_hwc), window)

    assert region.shown(window) == Window(top=4, left=5, height=2, width=3)
    np.testing.assert_array_equal(shown_hwc, image_hwc[4:6, 5:8])
    assert np.shares_memory(shown_hwc, image_hwc)


def test_what_is_shown_of_a_padded_window_is_the_picture():
    """One row above and two below are padding."""
    region = padded_region(Window.whole(Size(height=1, width=6)), Size(height=4, width=6))

    assert region.shown(Window(top=0, left=0, height=4, width=6)) == Window(top=0, left=0, height=1, width=6)
