"""Fewer points."""

import pytest

from kittiseg.config import parse
from kittiseg.dtl.layers.approx_vector import ApproxVector, approximate
from kittiseg.errors import ConfigError, DataError
from kittiseg.project.annotation import Annotation, Figure, Tag
from kittiseg.project.shapes import Point, Shape
from tests.data.programs import META, no_draw, only
from tests.data.projects import SMALL, annotation_of, item_of, line, polygon

HOLE = [(2.0, 2.0), (4.0, 2.0), (4.0, 4.0), (2.0, 4.0)]


def test_points_near_the_path_go() -> None:
    """Coordinates are cut off to whole px before, as in 2018."""
    bent = line((0.9, 0), (3, 1), (6.5, 0), (6, 5))
    dented = polygon((0, 0), (4, 1), (7, 0), (7, 5), (0, 5))

    assert approximate(bent, epsilon=1.5) == [line((0, 0), (6, 0), (6, 5))]
    assert approximate(dented, epsilon=1.5) == [polygon((0, 0), (7, 0), (7, 5), (0, 5))]
    assert approximate(dented, epsilon=0.5) == [dented]


def test_rings_that_collapse_go() -> None:
    """A hole alone, but a polygon with its outer ring, and a line of one point."""
    outer = [(0, 0), (9, 0), (9, 9), (0, 9)]

    assert approximate(polygon(*outer, holes=(HOLE,)), epsilon=5) == [polygon(*outer)]
    assert approximate(polygon(*outer, holes=(HOLE,)), epsilon=20) == []
    assert approximate(line((1.2, 1), (1.8, 1)), epsilon=1) == []


def test_only_listed_classes_change_and_figures_keep_their_tags() -> None:
    straight: Shape = line((0, 0), (3, 0), (6, 0))
    figures = tuple(Figure(name, straight, (Tag("near"),), "a lane") for name in ("lane", "wall"))

    made = only(ApproxVector(classes=("lane",), epsilon=1).apply(item_of(Annotation(SMALL, figures)), no_draw))

    assert made.annotation.figures == (Figure("lane", line((0, 0), (6, 0)), (Tag("near"),), "a lane"), figures[1])


def test_takes_polygons_and_lines_only() -> None:
    """Told before a picture is read where the class has a shape; names that do not come are no error, as in 2018."""
    assert ApproxVector(classes=("lane", "ghost"), epsilon=1).declare(META) is META
    with pytest.raises(ConfigError, match="/classes/1: 'car' is a bitmap; this layer takes only polygon and line"):
        ApproxVector(classes=("lane", "car"), epsilon=1).declare(META)
    with pytest.raises(DataError, match="'any' is a point"):
        list(ApproxVector(classes=("any",), epsilon=1).apply(item_of(annotation_of({"any": Point(1, 1)})), no_draw))


@pytest.mark.parametrize("epsilon", [0, -1])
def test_epsilon_is_above_nothing(epsilon: float) -> None:
    with pytest.raises(ConfigError, match="/epsilon"):
        parse(ApproxVector, {"classes": ["lane"], "epsilon": epsilon}, source="test")
