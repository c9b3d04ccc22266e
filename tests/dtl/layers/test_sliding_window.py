"""A picture for every position of a window."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiseg.config import parse
from kittiseg.dtl.layers.sliding_window import SlidingWindow
from kittiseg.errors import ConfigError, DataError
from kittiseg.project.geometry import Size, Window
from kittiseg.project.item import Item
from kittiseg.project.shapes import Bitmap
from tests.data.programs import no_draw
from tests.data.projects import annotation_of, item_of, item_with_square
from tests.data.shapes import bitmaps

SIZE = Size(height=15, width=20)


def _cut(item: Item, width: int, height: int, **overlap: int) -> list[Item]:
    settings = {"window": {"width": width, "height": height}, "min_overlap": {"x": 0, "y": 0, **overlap}}
    return list(parse(SlidingWindow, settings, source="test").apply(item, no_draw))


@given(bitmap=bitmaps(), width=st.integers(4, 20), height=st.integers(4, 15), x=st.integers(0, 3))
def test_the_windows_make_up_the_picture(bitmap: Bitmap, width: int, height: int, x: int) -> None:
    """Put back at their places, their pixels and figures are those of the picture."""
    item = item_of(annotation_of({"car": bitmap}, size=SIZE))
    image_hwc, labels_hw = np.zeros((15, 20, 3), np.uint8), np.full((15, 20), 9, np.uint8)

    for made in _cut(item, width, height, x=x):
        left, top, *size = made.did["window"]
        place = Window(left=left, top=top, width=width, height=height)
        image_hwc[place.slices] = made.image.pixels()
        labels_hw[place.slices] = made.annotation.to_label_map({"car": 1})
        assert size == [width, height]

    np.testing.assert_array_equal(image_hwc, item.image.pixels())
    np.testing.assert_array_equal(labels_hw, item.annotation.to_label_map({"car": 1}))


def test_windows_come_row_by_row_and_bear_their_places() -> None:
    """8 x 6 px by 5 x 4: the last of a row and the last row are moved back."""
    made = _cut(item_with_square(), 5, 4, x=2)

    assert [item.did["window"] for item in made] == [[0, 0, 5, 4], [3, 0, 5, 4], [0, 2, 5, 4], [3, 2, 5, 4]]
    assert [item.marks for item in made] == [("x0y0",), ("x3y0",), ("x0y2",), ("x3y2",)]


def test_windows_without_objects_are_made_too() -> None:
    made = _cut(item_with_square(top=0, left=0, side=2), 4, 3)

    assert [len(item.annotation.figures) for item in made] == [1, 0, 0, 0]


def test_a_picture_smaller_than_the_window_is_an_error() -> None:
    """It names picture, sizes and remedy."""
    with pytest.raises(DataError, match=r"source/training/a.png: the picture is 8 x 6 px.*window 9 x 2 px.*'tile'"):
        _cut(item_with_square(), 9, 2)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"window": {"width": 5, "height": 0}, "min_overlap": {"x": 0, "y": 0}}, "/window/height"),
        ({"window": {"width": 5, "height": 4}, "min_overlap": {"x": 5, "y": 0}}, "min_overlap x is 5 px.*only 5 px"),
        ({"window": {"width": 5, "height": 4}, "min_overlap": {"x": 4, "y": 4}}, "min_overlap y is 4 px.*only 4 px"),
        ({"window": {"width": 5, "height": 4}}, "/min_overlap"),
        ({"window": {"width": 5, "height": 4}, "min_overlap": {"x": 1}}, "/min_overlap/y: is required"),
    ],
    ids=str,
)
def test_refuses_windows_that_make_no_step(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse(SlidingWindow, settings, source="test")
