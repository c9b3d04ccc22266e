"""Objects that are too small or too large."""

from typing import Any

import pytest

from kittiseg.config import parse
from kittiseg.dtl.layers.objects_filter import ObjectsFilter
from kittiseg.errors import ConfigError
from kittiseg.project.geometry import Size
from kittiseg.project.shapes import Bitmap, Line, Point, Polygon, Rectangle, Shape
from tests.data.programs import no_draw, only
from tests.data.projects import annotation_of, bitmap_of, item_of, line, polygon

TEN = Size(height=10, width=10)


def _layer(area_size: dict[str, float], comparator: str, action: Any = "delete") -> ObjectsFilter:
    rule = {"filtering_classes": ["a"], "area_size": area_size, "action": action, "comparator": comparator}
    return parse(ObjectsFilter, {"filter_by": {"polygon_sizes": rule}}, source="test")


def _stays(shape: Shape, area_size: dict[str, float], comparator: str) -> bool:
    item = item_of(annotation_of({"a": shape}, size=TEN))
    return bool(only(_layer(area_size, comparator).apply(item, no_draw)).annotation.figures)


@pytest.mark.parametrize(
    ("shape", "percent"),
    [
        (bitmap_of("###", "#.#"), 5),
        (polygon((0, 0), (4, 0), (4, 3), (0, 3), holes=([(1, 1), (2, 1), (2, 2)],)), 12),  # the hole counts
        (Rectangle(1, 1, 3.5, 3), 5),
        (line((0, 0), (9, 9)), 0),
        (Point(3, 3), 0),
    ],
)
def test_percent_of_the_picture(shape: Bitmap | Polygon | Rectangle | Line | Point, percent: float) -> None:
    """What just meets the limit stays."""
    assert _stays(shape, {"percent": percent}, "less")
    assert _stays(shape, {"percent": percent}, "greater")
    assert not _stays(shape, {"percent": percent + 0.01}, "less")
    assert percent == 0 or not _stays(shape, {"percent": percent - 0.01}, "greater")


@pytest.mark.parametrize(
    ("limit", "comparator", "stays"),
    [
        ({"width": 5, "height": 2}, "less", True),
        ({"width": 6, "height": 1}, "less", False),
        ({"width": 1, "height": 3}, "less", False),
        ({"width": 5, "height": 2}, "greater", True),
        ({"width": 4, "height": 9}, "greater", False),
        ({"width": 9, "height": 1}, "greater", False),
    ],
)
def test_one_side_beyond_its_limit_is_enough(limit: dict[str, float], comparator: str, stays: bool) -> None:
    for shape in (Rectangle(1, 1, 6, 3), bitmap_of("#....", "....#"), line((2, 3), (7, 5))):
        assert _stays(shape, limit, comparator) == stays


def test_other_classes_stay() -> None:
    item = item_of(annotation_of({"b": Point(1, 1)}, size=TEN))

    assert only(_layer({"percent": 50}, "less").apply(item, no_draw)).annotation == item.annotation


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"action": {"remap_class": "b"}}, "/filter_by/polygon_sizes/action: input should be 'delete'"),
        ({"area_size": {}}, "give either 'percent', or 'width' and 'height'"),
        ({"area_size": {"width": 5}}, "give either 'percent', or 'width' and 'height'"),
        ({"area_size": {"percent": 5, "width": 5, "height": 5}}, "give either 'percent', or 'width' and 'height'"),
        ({"area_size": {"percent": 101}}, "/filter_by/polygon_sizes/area_size/percent"),
        ({"comparator": "equal"}, "/filter_by/polygon_sizes/comparator"),
    ],
    ids=str,
)
def test_refuses(changed: dict[str, Any], says: str) -> None:
    """The original accepted remap_class in its schema, and then had not written it."""
    with pytest.raises(ConfigError, match=says):
        _layer(**{"area_size": {"percent": 5}, "comparator": "less", **changed})
