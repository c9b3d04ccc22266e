"""The two sides of a road."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiseg.dtl.layers.road_lines import RoadLines, find_sides
from kittiseg.errors import ConfigError
from kittiseg.project.geometry import Size
from kittiseg.project.shapes import Polygon
from tests.data.programs import no_draw, only
from tests.data.projects import annotation_of, item_of, meta_of, polygon, square

IMAGE = Size(height=100, width=200)
TRAPEZIUM = polygon((80, 60), (120, 60), (190, 98), (10, 98))
ROUNDED = [(10, 98), (12, 90), (40, 60), (70, 45), (95, 40), (130, 45), (160, 60), (188, 90), (190, 98)]


def _sides(road: Polygon, size: Size = IMAGE) -> list[list[list[float]]]:
    return [side.points.tolist() for side in find_sides(road, size)]


def test_a_trapezium_has_its_left_and_its_right_side() -> None:
    assert _sides(TRAPEZIUM) == [[[80, 60], [10, 98]], [[120, 60], [190, 98]]]


def test_a_rounded_road_ends_where_it_meets_the_upper_triangle() -> None:
    """That has corners (0, 0), (200, 0) and (100, 57); the hull enters between its 3rd and 4th corner."""
    assert _sides(polygon(*ROUNDED)) == [[[10, 98], [82, 42]], [[112, 42], [190, 98]]]


@given(st.integers(0, len(ROUNDED) - 1), st.booleans())
def test_it_is_all_one_where_the_outline_begins(start: int, backwards: bool) -> None:
    """And which way it runs."""
    corners = ROUNDED[start:] + ROUNDED[:start]

    assert _sides(polygon(*(corners[::-1] if backwards else corners))) == _sides(polygon(*ROUNDED))


def test_a_side_without_length_is_none() -> None:
    """The highest corner is the lowest one too."""
    assert _sides(polygon((10, 10), (190, 10), (190, 98))) == [[[190, 10], [190, 98]]]


def test_sides_follow_their_road_if_it_is_large_enough() -> None:
    """50 px in a picture 1000 px wide are 10 px here; the small road has 9 px."""
    annotation = annotation_of(
        [("road", TRAPEZIUM), ("car", square(top=0, left=0, side=2)), ("road", polygon((0, 0), (3, 0), (0, 3)))],
        size=IMAGE,
    )
    layer = RoadLines(road_class="road", road_lines_class="edge", min_road_area=50)

    made = only(layer.apply(item_of(annotation), no_draw)).annotation.figures

    assert [figure.class_name for figure in made] == ["road", "edge", "edge", "car", "road"]


def test_declares_the_lines_and_refuses_what_is_no_polygon() -> None:
    layer = RoadLines(road_class="road", road_lines_class="edge")

    assert layer.declare(meta_of({"road": "polygon"})).shapes == {"road": "polygon", "edge": "line"}
    with pytest.raises(ConfigError, match="/road_class: 'road' is a bitmap"):
        layer.declare(meta_of({"road": "bitmap"}))
