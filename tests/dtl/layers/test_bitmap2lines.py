"""Thin masks become lines."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kittiseg.config import parse
from kittiseg.dtl.layers.bitmap2lines import Bitmap2Lines
from kittiseg.errors import ConfigError
from kittiseg.project.shapes import Bitmap
from tests.data.programs import no_draw, only
from tests.data.projects import annotation_of, bitmap_of, item_of, meta_of


def _layer(min_points: int = 2, **more: Any) -> Bitmap2Lines:
    settings = {"classes_mapping": {"crack": "path"}, "min_points_cnt": min_points, **more}
    return parse(Bitmap2Lines, settings, source="test")


def _pixels(bitmap: Bitmap, min_points: int = 2) -> list[set[tuple[float, float]]]:
    """The px of each line, whichever way it runs."""
    return [{(x, y) for x, y in line.points.tolist()} for line in _layer(min_points).lines(bitmap)]


def test_a_line_runs_from_px_to_px() -> None:
    """Through whole coordinates, at the mask's place."""
    (line,) = _layer().lines(bitmap_of("#...", ".#..", "..##", top=3, left=2))

    points = line.points.tolist()
    assert points in ([[2, 3], [3, 4], [4, 5], [5, 5]], [[5, 5], [4, 5], [3, 4], [2, 3]])


def test_the_longest_path_comes_first_then_what_it_left() -> None:
    tee = bitmap_of("#########", *["....#...."] * 5)

    first, second = _pixels(tee)

    assert {(4, y) for y in range(1, 6)} < first
    assert first | second == {(x, 0) for x in range(9)} | {(4, y) for y in range(6)}
    assert len(first) == 11
    assert len(second) == 4


def test_stubs_and_short_lines_are_left_out() -> None:
    """A path of three px has two steps; the point of one px none."""
    assert _pixels(bitmap_of("###.#")) == []
    assert _pixels(bitmap_of("####..", "......", "######"), min_points=5) == [{(x, 2) for x in range(6)}]


@given(arrays(bool, st.tuples(st.integers(1, 8), st.integers(1, 8))))
def test_lines_go_through_px_of_the_mask_step_by_step(mask_hw: Any) -> None:
    """No edge is walked twice."""
    steps = set()
    for line in _layer().lines(Bitmap(top=0, left=0, mask_hw=mask_hw)):
        points = line.points.astype(int)
        assert mask_hw[points[:, 1], points[:, 0]].all()
        assert np.abs(np.diff(points, axis=0)).max() == 1
        walked = {frozenset(map(tuple, pair)) for pair in zip(points.tolist(), points[1:].tolist(), strict=False)}
        assert not walked & steps
        steps |= walked


def test_a_simpler_line_where_it_is_asked_for() -> None:
    (line,) = _layer(approx_epsilon=0.5).lines(bitmap_of("####...", "....#..", ".....#."))

    assert sorted(line.points.tolist()) == [[0, 0], [3, 0], [5, 2]]


def test_the_class_becomes_one_of_lines() -> None:
    meta = meta_of({"crack": "bitmap", "car": "bitmap"})
    item = item_of(annotation_of([("crack", bitmap_of("#####")), ("car", bitmap_of("#####"))]))

    assert _layer().declare(meta).shapes == {"car": "bitmap", "path": "line"}
    figures = only(_layer().apply(item, no_draw)).annotation.figures
    assert [(figure.class_name, figure.shape.kind) for figure in figures] == [("path", "line"), ("car", "bitmap")]
    with pytest.raises(ConfigError, match="/classes_mapping/crack"):
        _layer().declare(meta_of({"crack": "polygon"}))
    with pytest.raises(ConfigError, match="/min_points_cnt"):
        _layer(1)
