"""Objects are cut, the picture is not."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiseg.config import parse
from kittiseg.dtl.layers.crop_annotation import CropAnnotation, only_inside
from kittiseg.errors import ConfigError
from kittiseg.project.geometry import Size, Window
from kittiseg.project.lengths import Sides
from tests.data.programs import RANDOM_CROP, draws, no_draw, only
from tests.data.projects import SMALL, annotation_of, every_shape, item_of, item_with_square, line, one_of_each, polygon


def test_what_lies_outside_goes_and_the_rest_stays_in_place() -> None:
    item = item_of(annotation_of([("lane", line((1, 3), (9, 3))), ("car", polygon((6, 0), (8, 0), (8, 2)))]))

    made = only(CropAnnotation(sides=Sides(right="50%")).apply(item, no_draw))

    assert made.image is item.image
    assert made.annotation == annotation_of({"lane": line((1, 3), (4, 3))})
    assert made.did == {"window": [0, 0, 4, 6]}


@given(st.data())
def test_label_maps_are_equal_inside_and_empty_outside(data: Any) -> None:
    """Of masks; the outlines of other shapes are drawn over the cut."""
    left, top = data.draw(st.integers(0, 31)), data.draw(st.integers(0, 23))
    width, height = data.draw(st.integers(1, 32 - left)), data.draw(st.integers(1, 24 - top))
    window = Window(top=top, left=left, height=height, width=width)
    annotation = every_shape().annotation
    expected_hw = np.zeros((24, 32), np.uint8)
    expected_hw[window.slices] = annotation.to_label_map({"car": 1, "bus": 2})[window.slices]

    cut = only_inside(annotation, window)

    assert cut.image == annotation.image == Size(height=24, width=32)
    assert np.array_equal(cut.to_label_map({"car": 1, "bus": 2}), expected_hw)


def test_the_whole_picture_loses_nothing() -> None:
    annotation = annotation_of(one_of_each())

    assert only_inside(annotation, Window.whole(SMALL)) == annotation


def test_the_window_is_drawn_as_crop_draws_it() -> None:
    layer = parse(CropAnnotation, RANDOM_CROP, source="test")
    first, again, other = (only(layer.apply(item_with_square(), draws(name))).did for name in ("a", "a", "b"))

    assert first == again != other


@pytest.mark.parametrize("left", ["100%", "9px"])
def test_a_window_without_px_makes_nothing(left: str) -> None:
    assert list(CropAnnotation(sides=Sides(left=left)).apply(item_with_square(), no_draw)) == []


def test_only_px_need_the_annotation() -> None:
    assert CropAnnotation(sides=Sides(left="3px")).needs_annotation
    assert not parse(CropAnnotation, RANDOM_CROP, source="test").needs_annotation


@pytest.mark.parametrize("settings", [{}, {"sides": {}, **RANDOM_CROP}])
def test_takes_one_of_two(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="either 'random_part' or 'sides'"):
        parse(CropAnnotation, settings, source="test")
