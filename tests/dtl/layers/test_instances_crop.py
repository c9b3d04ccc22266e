"""A picture for every object."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiseg.config import parse
from kittiseg.dtl.layers.instances_crop import InstancesCrop
from kittiseg.errors import ConfigError
from kittiseg.project.geometry import Size, Window
from kittiseg.project.item import Item
from kittiseg.project.lengths import Margins
from kittiseg.project.shapes import Bitmap, Point, Rectangle, Shape
from tests.data.programs import META, no_draw
from tests.data.projects import annotation_of, item_of, line, square
from tests.data.shapes import bitmaps

SIZE = Size(height=20, width=30)


def _layer(*classes: str, save: tuple[str, ...] = (), **sides: str) -> InstancesCrop:
    settings = {"classes": list(classes), "save_classes": list(save), "pad": {"sides": sides}}
    return parse(InstancesCrop, settings, source="test")


def _cut(layer: InstancesCrop, *figures: tuple[str, Shape]) -> list[Item]:
    return list(layer.apply(item_of(annotation_of(list(figures), size=SIZE)), no_draw))


@given(bitmap=bitmaps(), left=st.integers(0, 9), bottom=st.integers(0, 200))
def test_pixels_and_the_object_are_cut_together(bitmap: Bitmap, left: int, bottom: int) -> None:
    """The window shows the object's pixels, all of them, wherever the margin goes."""
    item = item_of(annotation_of({"car": bitmap}, size=SIZE).clip())

    for made in _layer("car", left=f"{left}px", bottom=f"{bottom}%").apply(item, no_draw):
        left_px, top, width, height = made.did["window"]
        place = Window(left=left_px, top=top, width=width, height=height)
        np.testing.assert_array_equal(made.image.pixels(), item.image.pixels()[place.slices])
        labels_hw = item.annotation.to_label_map({"car": 1})
        np.testing.assert_array_equal(made.annotation.to_label_map({"car": 1}), labels_hw[place.slices])
        assert made.annotation.figures[0].shape.area == item.annotation.figures[0].shape.area


def test_margins_are_px_or_percent_of_the_box() -> None:
    """25 percent of 10 px are 2.5, cut off to 2."""
    sides = Margins(left="3px", top="25%", right="100%", bottom="0px")

    window = sides.around(Window(top=8, left=5, height=10, width=4))

    assert window == Window(top=6, left=2, height=12, width=11)


def test_negative_margins_show_less_of_the_object() -> None:
    """As in 2018; of a box that they use up nothing is made."""
    figures = [("car", square(top=4, left=6, side=8)), ("car", square(top=0, left=0, side=3))]

    (made,) = _cut(_layer("car", left="-2px", bottom="-25%", right="-1px"), *figures)

    assert made.did["window"] == [8, 4, 5, 6]


def test_only_the_object_and_saved_classes_are_shown() -> None:
    """Its neighbour of the same class is not, though it lies in the margin."""
    sky = ("sky", square(top=0, left=0, side=20))

    first, second = _cut(
        _layer("car", save=("bus",), right="9px"),
        ("bus", square(top=4, left=6, side=3)),
        ("car", square(top=5, left=5, side=3)),
        sky,
        ("car", square(top=5, left=10, side=2)),
    )

    assert [figure.class_name for figure in first.annotation.figures] == ["bus", "car"]
    assert first.did == {"window": [5, 5, 12, 3], "around": "car"}
    assert second.annotation.figures[0].shape == square(top=0, left=0, side=2)
    assert (first.marks, second.marks) == (("i1",), ("i2",))


def test_a_window_ends_where_the_picture_ends() -> None:
    (made,) = _cut(_layer("car", left="9px", bottom="400%"), ("car", square(top=15, left=4, side=5)))

    assert made.did["window"] == [0, 15, 9, 5]


def test_boxes_are_rounded_and_those_without_area_give_nothing() -> None:
    """Halves go up."""
    made = _cut(
        _layer("car"),
        ("car", Rectangle(1.5, 2.4, 4.5, 5.6)),
        ("car", Point(3, 3)),
        ("car", line((2, 2), (9, 2))),
        ("car", Rectangle(1, 1, 1.4, 9)),
    )

    assert [item.did["window"] for item in made] == [[2, 2, 3, 4]]


def test_other_classes_leave_the_project() -> None:
    assert list(_layer("sky", save=("car",)).declare(META).shapes) == ["car", "sky"]
    assert list(_layer("unheard of").declare(META).shapes) == []


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"classes": [], "pad": {"sides": {}}}, "/classes"),
        ({"classes": ["car"], "save_classes": ["car"], "pad": {"sides": {}}}, "'car' cannot be in 'classes' and"),
        ({"classes": ["car"], "pad": {"sides": {"left": "3"}}}, "left is '3'"),
        ({"classes": ["car"]}, "/pad"),
    ],
    ids=str,
)
def test_refuses_settings_that_mean_nothing(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse(InstancesCrop, settings, source="test")
