"""Masks under motions, and their boxes. What they share with vector shapes is tested in test_shapes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kittiseg.project.bitmap import Bitmap
from kittiseg.project.geometry import Size, Window
from kittiseg.project.motions import Rotation, Scaling
from kittiseg.project.vectors import Rectangle
from tests.data.projects import bitmap_of
from tests.data.shapes import bitmaps

SIZE = Size(height=20, width=24)


def _drawn(shapes: list[Bitmap], size: Size) -> np.ndarray:
    labels_hw = np.zeros((size.height, size.width), np.uint8)
    for shape in shapes:
        shape.draw(labels_hw, 1)
    return labels_hw


@given(bitmap=bitmaps(), degrees=st.floats(-180, 180))
def test_turned_and_drawn_is_drawn_and_turned(bitmap: Bitmap, degrees: float) -> None:
    """What sticks out of the picture is gone; what is left has no empty margins."""
    rotation = Rotation(SIZE, degrees)

    moved = bitmap.move(rotation)

    whole_hw, place = rotation.mask(_drawn([bitmap], SIZE), Window.whole(SIZE))
    assert place == Window.whole(rotation.target)
    np.testing.assert_array_equal(_drawn(moved, rotation.target), whole_hw)
    for part in moved:
        assert part.mask_hw.any(axis=0)[[0, -1]].all()
        assert part.mask_hw.any(axis=1)[[0, -1]].all()


def test_a_mask_of_which_no_pixel_is_left_is_gone() -> None:
    """Every third pixel is kept, and this is none of them."""
    scaling = Scaling.stretch(SIZE, Size(height=1, width=1))

    assert bitmap_of("#", top=0, left=0).move(scaling) == []


def test_its_box_is_its_window() -> None:
    assert bitmap_of("##.", ".#.", top=3, left=-1).box == Rectangle(-1, 3, 2, 5)
