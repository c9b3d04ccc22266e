"""Points inside and outside a class."""

import numpy as np
import pytest

from kittiseg.config import parse
from kittiseg.dtl.layers.generate_hints import GenerateHints
from kittiseg.errors import ConfigError
from kittiseg.project.geometry import Size
from kittiseg.project.item import Item
from kittiseg.project.shapes import Point, Rectangle, Shape
from tests.data.programs import draws, only
from tests.data.projects import annotation_of, item_of, meta_of, square


def _layer(least: int, *, negative: str = "out") -> GenerateHints:
    settings = {"class": "car", "positive_class": "in", "negative_class": negative, "min_points_number": least}
    return parse(GenerateHints, settings, source="test")


def _hints(item: Item, least: int, name: str = "a") -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """(row, column) of the points inside and outside."""
    figures = only(_layer(least).apply(item, draws(name))).annotation.figures[len(item.annotation.figures) :]
    assert all(isinstance(figure.shape, Point) for figure in figures)
    places = [(figure.class_name, (figure.shape.y, figure.shape.x)) for figure in figures]  # type: ignore[attr-defined]
    return [place for name, place in places if name == "in"], [place for name, place in places if name == "out"]


@pytest.mark.parametrize("shape", [square(top=1, left=1, side=4), Rectangle(1, 1, 4, 4)])
def test_points_lie_on_px_where_they_belong(shape: Shape) -> None:
    """No px has two; they come last, those inside first."""
    item = item_of(annotation_of({"car": shape, "bus": square(top=0, left=0, side=6)}))
    inside_hw = item.annotation.to_label_map({"car": 1}).astype(bool)
    inside, outside = _hints(item, 5)

    assert len(set(inside)) == len(inside) >= 5
    assert len(set(outside)) == len(outside) >= 5
    assert all(inside_hw[int(y), int(x)] for y, x in inside)
    assert not any(inside_hw[int(y), int(x)] for y, x in outside)


def test_no_more_points_than_px() -> None:
    size = Size(height=4, width=5)
    full = item_of(annotation_of({"car": Rectangle(0, 0, 5, 4)}, size=size))
    empty = item_of(annotation_of({"bus": Rectangle(0, 0, 5, 4)}, size=size))
    every_px = {(y, x) for y in range(4) for x in range(5)}

    assert [set(found) for found in _hints(full, 1000)] == [every_px, set()]
    assert [set(found) for found in _hints(empty, 1000)] == [set(), every_px]


def test_how_many_is_drawn() -> None:
    """min_points_number and int(Exp(2)) more: k or more with probability exp(-k / 2), whose mean is 1.54."""
    item = item_of(annotation_of({"car": square(top=0, left=0, side=20)}, size=Size(height=40, width=40)))
    counts = np.array([[len(found) for found in _hints(item, 3, str(number))] for number in range(300)])

    assert counts.min() == 3
    assert abs(counts.mean() - 3 - 1 / (np.exp(0.5) - 1)) < 0.3
    assert (counts[:, 0] != counts[:, 1]).any()


def test_tells_what_it_drew_and_draws_it_again() -> None:
    item = item_of(annotation_of({"car": square(top=0, left=0, side=3)}))
    first, again, other = (only(_layer(2).apply(item, draws(name))) for name in ("a", "a", "b"))

    inside, outside = _hints(item, 2)
    assert first.did == {"positive": len(inside), "negative": len(outside)}
    assert first.annotation == again.annotation != other.annotation


def test_adds_its_classes() -> None:
    meta = meta_of({"car": "bitmap", "out": "point"})

    assert _layer(1).declare(meta).shapes == {"car": "bitmap", "out": "point", "in": "point"}
    assert _layer(1, negative="in").declare(meta_of({"car": "bitmap"})).shapes == {"car": "bitmap", "in": "point"}
    with pytest.raises(ConfigError, match="/positive_class: class 'in' is a line already"):
        _layer(1).declare(meta_of({"in": "line"}))
    with pytest.raises(ConfigError, match="/min_points_number"):
        _layer(-1)
