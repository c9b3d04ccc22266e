"""Boxes along outlines."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiseg.dtl.layers.contour_sliding_box import BoxSize, ContourSlidingBox, box_at, places_along
from kittiseg.errors import ConfigError
from kittiseg.project.geometry import Size
from kittiseg.project.shapes import Rectangle
from tests.data.programs import no_draw, only
from tests.data.projects import annotation_of, item_of, meta_of, polygon, square

SQUARE = np.array([[10, 10], [20, 10], [20, 20], [10, 20]], float)
IMAGE = Size(height=40, width=60)


def test_places_lie_at_equal_steps_around_the_outline() -> None:
    """Around the corners, back to the first one."""
    assert places_along(SQUARE, 10).tolist() == [[20, 10], [20, 20], [10, 20], [10, 10]]
    assert places_along(SQUARE, 15).tolist() == [[20, 15], [10, 20]]
    assert places_along(SQUARE, 41).tolist() == []


@given(st.floats(-5, 65), st.floats(-5, 45), st.integers(2, 30), st.integers(2, 30))
def test_boxes_stay_inside(x: float, y: float, width: int, height: int) -> None:
    """With both corners, at full size."""
    box = box_at(x, y, Size(height=height, width=width), IMAGE)

    assert box.left >= 0
    assert box.top >= 0
    assert box.right <= IMAGE.width - 1
    assert box.bottom <= IMAGE.height - 1
    assert box.right - box.left == pytest.approx(width // 2 * 2)
    assert box.bottom - box.top == pytest.approx(height // 2 * 2)


def test_a_box_is_around_its_place() -> None:
    assert box_at(30, 20, Size(height=8, width=6), IMAGE) == Rectangle(27, 16, 33, 24)


def test_a_box_larger_than_the_picture_is_cut() -> None:
    assert box_at(30, 20, Size(height=100, width=6), IMAGE) == Rectangle(27, 0, 33, 39)


def test_boxes_follow_their_polygon() -> None:
    """Polygons of other classes get none; percent is of the picture, of its shorter side for the distance."""
    figures = [
        ("house", polygon(*SQUARE.tolist())),
        ("car", square(top=0, left=0, side=2)),
        ("park", polygon(*SQUARE.tolist())),
    ]
    layer = ContourSlidingBox(
        classes=("house",), box_class="box", box=BoxSize(width="10%", height="4px"), distance="50%"
    )

    made = only(layer.apply(item_of(annotation_of(figures, size=IMAGE)), no_draw)).annotation.figures

    assert [figure.class_name for figure in made] == ["house", "box", "box", "car", "park"]
    assert made[1].shape == Rectangle(17, 18, 23, 22)


def test_declares_the_boxes_and_refuses_what_is_no_polygon() -> None:
    layer = ContourSlidingBox(
        classes=("house",), box_class="box", box=BoxSize(width="4px", height="4px"), distance="5px"
    )

    assert layer.declare(meta_of({"house": "polygon"})).shapes == {"house": "polygon", "box": "rectangle"}
    with pytest.raises(ConfigError, match="/classes/0: 'house' is a bitmap"):
        layer.declare(meta_of({"house": "bitmap"}))
    with pytest.raises(ConfigError, match="/box_class: class 'box' is a line already"):
        layer.declare(meta_of({"box": "line"}))


def test_refuses_lengths_without_unit() -> None:
    with pytest.raises(ValueError, match="width is '4', height is '5 %%'"):
        BoxSize(width="4", height="5 %%")
