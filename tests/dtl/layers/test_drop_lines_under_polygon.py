"""What of lines is left outside polygons."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiseg.dtl.layers.drop_lines_under_polygon import DropLinesUnderPolygon, outside
from kittiseg.errors import ConfigError
from kittiseg.project.annotation import Tag
from kittiseg.project.shapes import Line
from tests.data.programs import no_draw, only
from tests.data.projects import annotation_of, item_of, line, meta_of, polygon, square

BOX = polygon((2, 2), (6, 2), (6, 6), (2, 6))
RING = polygon((2, 2), (10, 2), (10, 10), (2, 10), holes=([(4, 4), (8, 4), (8, 8), (4, 8)],))


def _points(lines: list[Line]) -> list[list[list[float]]]:
    return [each.points.tolist() for each in lines]


def test_a_line_under_a_polygon_becomes_two() -> None:
    assert _points(outside(line((0, 4), (8, 4)), [BOX])) == [[[0, 4], [2, 4]], [[6, 4], [8, 4]]]


def test_the_parts_run_as_the_line_did() -> None:
    """From right to left, and around a corner outside."""
    assert _points(outside(line((8, 4), (0, 4), (0, 9)), [BOX])) == [[[8, 4], [6, 4]], [[2, 4], [0, 4], [0, 9]]]


def test_holes_cover_nothing() -> None:
    assert _points(outside(line((0, 6), (12, 6)), [RING])) == [[[0, 6], [2, 6]], [[4, 6], [8, 6]], [[10, 6], [12, 6]]]


def test_polygons_cover_together() -> None:
    assert _points(outside(line((3, 4), (7, 4)), [BOX, polygon((5, 0), (9, 0), (9, 9), (5, 9))])) == []


def test_a_line_that_crosses_itself_stays_whole() -> None:
    """The original let it fall apart wherever a polygon was on the picture, near or far."""
    loop = line((20, 0), (30, 10), (30, 0), (20, 10), (4, 10), (4, 0))

    assert outside(loop, [polygon((50, 50), (60, 50), (60, 60))]) == [loop]
    assert _points(outside(loop, [BOX])) == [[*loop.points.tolist()[:5], [4, 6]], [[4, 2], [4, 0]]]


def test_an_outline_that_crosses_itself_covers_what_it_encloses() -> None:
    """The even-odd rule, as when it is drawn."""
    bow_tie = polygon((0, 0), (8, 8), (8, 0), (0, 8))

    assert _points(outside(line((4, -1), (4, 9)), [bow_tie])) == [[[4, -1], [4, 4], [4, 9]]]
    assert _points(outside(line((-1, 4), (9, 4)), [bow_tie])) == [[[-1, 4], [0, 4]], [[8, 4], [9, 4]]]


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=2, max_size=8))
def test_what_is_left_is_outside_and_nothing_else_is_lost(path: list[tuple[int, int]]) -> None:
    """Sampled closely, each place of the line is on a part that is left, or inside the polygon."""
    parts = outside(line(*path), [BOX])
    way = np.concatenate([np.linspace(a, b, 50) for a, b in pairwise(path)])
    inside = ((way > 2 + 1e-9) & (way < 6 - 1e-9)).all(axis=1)

    for place in way[~inside & ~((way >= 2) & (way <= 6)).all(axis=1)]:
        assert any(_distance(place, part) < 1e-6 for part in parts)
    for place in way[inside]:
        assert all(_distance(place, part) > 0 for part in parts)


def _distance(place: np.ndarray, part: Line) -> float:
    starts, steps = part.points[:-1], np.diff(part.points, axis=0)
    along = np.clip(((place - starts) * steps).sum(axis=1) / np.maximum((steps**2).sum(axis=1), 1e-12), 0, 1)
    return float(np.linalg.norm(starts + along[:, None] * steps - place, axis=1).min())


def test_the_rest_comes_last_and_keeps_its_tags() -> None:
    """The original lost the tags."""
    annotation = annotation_of([("lane", line((0, 4), (8, 4))), ("house", BOX), ("car", square(top=0, left=0, side=1))])
    lane, *others = annotation.figures
    tagged = replace(annotation, figures=(replace(lane, tags=(Tag("new"),)), *others))
    layer = DropLinesUnderPolygon(lines_class="lane", polygons_class="house")

    made = only(layer.apply(item_of(tagged), no_draw)).annotation.figures

    assert [figure.class_name for figure in made] == ["house", "car", "lane", "lane"]
    assert made[2].tags == made[3].tags == (Tag("new"),)


def test_refuses_classes_of_other_shapes() -> None:
    meta = meta_of({"lane": "line", "car": "bitmap"})

    with pytest.raises(ConfigError, match="/polygons_class: 'car' is a bitmap"):
        DropLinesUnderPolygon(lines_class="lane", polygons_class="car").declare(meta)
