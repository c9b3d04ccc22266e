"""Which lines become one, and how."""

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from kittiseg.dtl.layers.merge_lines import MergeLines, join
from kittiseg.errors import ConfigError
from kittiseg.project.annotation import Tag
from kittiseg.project.shapes import Line
from tests.data.programs import no_draw, only
from tests.data.projects import annotation_of, item_of, line, meta_of, square

ROAD = [(0.0, 0.0), (4.0, 0.0)]
NEXT = [(6.0, 0.0), (9.0, 1.0)]


def _join(
    one: list[tuple[float, float]], other: list[tuple[float, float]], **limits: float
) -> list[list[float]] | None:
    bounds = {"max_gap": 3.0, "max_angle": 30.0, "max_aside": 0.5, **limits}
    path = join(np.array(one), np.array(other), **bounds)
    return None if path is None else path.tolist()


def _merged(*lines: Line, **limits: float | str) -> list[list[list[float]]]:
    rules = {"maximal_angle": 30, "max_ends_distance": "3px", "max_ortho_distance_coefficient": 0.5, **limits}
    layer = MergeLines(lines_class="lane", **rules)  # type: ignore[arg-type]
    made = only(layer.apply(item_of(annotation_of([("lane", each) for each in lines])), no_draw))
    return [figure.shape.points.tolist() for figure in made.annotation.figures]


def test_whichever_ends_meet() -> None:
    """The path is the same, up to its direction, however the two run."""
    whole = [list(point) for point in (*ROAD, *NEXT)]

    for one, other in product((ROAD, ROAD[::-1]), (NEXT, NEXT[::-1])):
        assert _join(one, other) in (whole, whole[::-1])
        assert _join(other, one) in (whole, whole[::-1])


def test_two_that_run_the_same_way_keep_their_direction() -> None:
    assert _join(ROAD, NEXT) == _join(NEXT, ROAD) == [[0, 0], [4, 0], [6, 0], [9, 1]]


def test_the_gap_is_bounded() -> None:
    assert _join(ROAD, NEXT, max_gap=2.0) is not None
    assert _join(ROAD, NEXT, max_gap=1.9) is None


def test_the_bend_is_bounded() -> None:
    """The second line turns off by atan(1/3)."""
    bend = math.degrees(math.atan(1 / 3))

    assert _join(ROAD, NEXT, max_angle=bend + 0.1) is not None
    assert _join(ROAD, NEXT, max_angle=bend - 0.1) is None


def test_what_lies_beside_is_another_line() -> None:
    """It begins 1 px beside the continuation and sqrt(5) px away."""
    beside = [(6.0, 1.0), (9.0, 1.0)]

    assert _join(ROAD, beside, max_aside=0.46) is not None
    assert _join(ROAD, beside, max_aside=0.44) is None


def test_lines_side_by_side_stay_two() -> None:
    """The other begins before this one's end."""
    assert _join(ROAD, [(3.5, 0.1), (9.0, 0.0)], max_aside=10) is None


def test_lines_that_touch_become_one() -> None:
    """The original left them alone: nothing is nearer than a part of a gap of 0."""
    assert _join(ROAD, [(4.0, 0.0), (8.0, 1.0)]) == [[0, 0], [4, 0], [8, 1]]


def test_a_line_without_length_stays_alone() -> None:
    assert _join(ROAD, [(5.0, 0.0), (5.0, 0.0)]) is None


def test_the_first_takes_up_all_that_fit() -> None:
    """Also one that fits only after another was joined; the lines that are left follow."""
    parts = [line((0, 0), (4, 0)), line((12, 0), (15, 0)), line((0, 5), (4, 5)), line((6, 0), (10, 0))]

    assert _merged(*parts) == [[[0, 0], [4, 0], [6, 0], [10, 0], [12, 0], [15, 0]], [[0, 5], [4, 5]]]


def test_percent_is_of_the_mean_side() -> None:
    """The picture is 8 x 6 px: 20 % of 7 are 1.4, and the gap is 1.375 px."""
    gap = [line((0, 0), (4, 0)), line((5.375, 0), (8, 0))]

    assert len(_merged(*gap, max_ends_distance="20%")) == 1
    assert len(_merged(*gap, max_ends_distance="19%")) == 2


def test_joined_lines_come_last_with_the_tags_of_both() -> None:
    """The original lost the tags."""
    annotation = annotation_of([("lane", line(*ROAD)), ("lane", line(*NEXT)), ("car", square(top=0, left=0, side=1))])
    first, second, car = annotation.figures
    tagged = (replace(first, tags=(Tag("a"), Tag("b"))), replace(second, tags=(Tag("b"), Tag("c"))), car)
    layer = MergeLines(
        lines_class="lane", maximal_angle=30, max_ends_distance="3px", max_ortho_distance_coefficient=0.5
    )

    made = only(layer.apply(item_of(replace(annotation, figures=tagged)), no_draw)).annotation.figures

    assert [figure.class_name for figure in made] == ["car", "lane"]
    assert made[1].tags == (Tag("a"), Tag("b"), Tag("c"))


def test_refuses_a_length_without_unit_and_a_class_without_lines() -> None:
    rules = {"maximal_angle": 30, "max_ortho_distance_coefficient": 0.5}

    with pytest.raises(ValueError, match="max_ends_distance is '3'"):
        MergeLines(lines_class="lane", max_ends_distance="3", **rules)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="/lines_class: 'car' is a bitmap"):
        MergeLines(lines_class="car", max_ends_distance="3px", **rules).declare(meta_of({"car": "bitmap"}))  # type: ignore[arg-type]
