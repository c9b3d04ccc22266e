"""Paths and rings: reading, mirroring, clipping."""

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from kittiseg.errors import DataError
from kittiseg.project.geometry import Window
from kittiseg.project.points import clip_path, clip_polygon, points_json, read_points, read_rings

WINDOW = Window(top=2, left=3, height=4, width=5)
BOX = shapely.box(3, 2, 8, 6)
places = st.tuples(st.integers(0, 11), st.integers(0, 8))
rings = st.lists(places, min_size=3, max_size=7, unique=True)


def path(*points: tuple[float, float]) -> np.ndarray:
    return np.array(points, float)


@given(st.lists(places, min_size=2, max_size=7))
def test_a_clipped_path_has_the_length_that_lies_inside(points: list[tuple[int, int]]):
    """Segment by segment as shapely finds it, inside the window, and in the window's coordinates."""
    found = clip_path(path(*points), WINDOW)

    segments = [shapely.LineString(pair).intersection(BOX).length for pair in pairwise(points)]
    assert sum(np.linalg.norm(np.diff(part, axis=0), axis=1).sum() for part in found) == pytest.approx(sum(segments))
    for part in found:
        assert len(part) >= 2
        assert (part >= 0).all()
        assert (part <= (WINDOW.width, WINDOW.height)).all()


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(4, 3), (7, 5)], [[(1, 1), (4, 3)]]),  # inside: as it is
        (
            [(0, 3), (4, 3), (4, 0), (6, 0), (6, 4)],
            [[(0, 1), (1, 1), (1, 0)], [(3, 0), (3, 2)]],
        ),  # leaves and re-enters
        ([(7, 3), (4, 3), (4, 5), (6, 5), (6, 2)], [[(4, 1), (1, 1), (1, 3), (3, 3), (3, 0)]]),  # crosses itself
        ([(3, 0), (3, 9)], [[(0, 0), (0, 4)]]),  # along the border
        ([(4, 3), (8, 4), (4, 5)], [[(1, 1), (5, 2), (1, 3)]]),  # touches the border
        ([(0, 5), (3, 2), (6, -1)], []),  # touches the corner only
        ([(4, 3), (4, 3)], [[(1, 1), (1, 1)]]),  # no longer than a point
        ([(0, 0), (1, 1)], []),
    ],
)
def test_a_path_keeps_its_direction_and_its_pieces(points: list[tuple[int, int]], expected: list[object]):
    """Each piece runs as the path ran; where the path is only touched there is no piece."""
    assert [[tuple(point) for point in part] for part in clip_path(path(*points), WINDOW)] == expected


@given(st.lists(st.tuples(st.floats(-9, 20), st.floats(-9, 20)), min_size=2, max_size=2))
def test_a_path_ends_exactly_on_the_border(points: list[tuple[float, float]]):
    """A hair's breadth inside, and what is cut off to whole px would be a px short."""
    for end in (end for part in clip_path(path(*points), WINDOW) for end in part):
        inside = any(np.array_equal(np.add(end, (WINDOW.left, WINDOW.top)), point) for point in path(*points))
        assert inside or end[0] in (0, WINDOW.width) or end[1] in (0, WINDOW.height)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("left", "expected"), [(-1, [[(1, 1), (1, 2)]]), (0, [[(0, 1), (0, 2)]]), (3, [])])
def test_a_path_may_lean_by_next_to_nothing(left: int, expected: list[object]):
    """By the smallest number that there is, either way: it is cut as one that is upright, and nothing is warned of."""
    window = Window(top=2, left=left, height=4, width=5)

    for top, bottom in ((5e-324, 0), (0, 5e-324), (0, 0)):
        found = clip_path(path((top, 3), (bottom, 4)), window)
        assert [[tuple(point.round(9)) for point in part] for part in found] == expected


@given(rings)
def test_a_clipped_polygon_has_the_area_that_lies_inside(ring: list[tuple[int, int]]):
    """As shapely finds it; the parts lie in the window, in its coordinates."""
    assume(shapely.Polygon(ring).is_valid)

    parts = [shapely.Polygon(*rings) for rings in clip_polygon(path(*ring), (), WINDOW)]

    assert sum(part.area for part in parts) == pytest.approx(shapely.Polygon(ring).intersection(BOX).area)
    assert all(shapely.box(0, 0, 5, 4).buffer(1e-9).contains(part) for part in parts)


def test_a_polygon_falls_into_several():
    """A U whose bottom is cut away leaves its two arms."""
    u = path((3, 2), (8, 2), (8, 9), (7, 9), (7, 3), (4, 3), (4, 9), (3, 9))

    arms = clip_polygon(u, (), Window(top=4, left=3, height=2, width=5))

    assert sorted(exterior[:, 0].min() for exterior, _ in arms) == [0, 4]


def test_a_bow_tie_keeps_both_wings():
    """shapely's buffer(0), the usual repair, loses one of them."""
    wings = clip_polygon(path((0, 0), (8, 8), (8, 0), (0, 8)), (), Window(top=1, left=-1, height=6, width=10))

    assert len(wings) == 2


def test_holes_that_overlap_or_stick_out_only_take_away():
    """Area of the exterior less the union of the holes."""
    holes = (path((2, 2), (6, 2), (6, 6), (2, 6)), path((4, 4), (12, 4), (12, 6), (4, 6)))

    found = clip_polygon(path((0, 0), (10, 0), (10, 10), (0, 10)), holes, Window(top=0, left=-5, height=9, width=20))

    area = sum(shapely.Polygon(exterior, inner).area for exterior, inner in found)
    assert area == 90 - 16 - (6 * 2 - 2 * 2)


@pytest.mark.parametrize(
    "document",
    [
        [1, 2, 3, 4],
        [[1, 2, 3]],
        [[1, 2], [3]],
        "ab",
        [["a", "b"]],
        [[float("nan"), 1]],
        [[1e300, 0]],
        {"x": 1},
        [[[1, 2]]],
        5,
    ],
)
def test_what_is_no_list_of_points_is_an_error(document: object):
    """Nothing is reshaped until it fits."""
    with pytest.raises(DataError, match=r"not a list of \[x, y\] pairs"):
        read_points(document)


@pytest.mark.parametrize("document", [None, [], {"interior": 3}, {"interior": {"a": 1}}, "x"])
def test_what_are_no_rings_is_an_error(document: object):
    """``points`` is an object with two lists."""
    with pytest.raises(DataError, match="needs lists 'exterior' and 'interior'"):
        read_rings(document)


def test_missing_rings_are_empty():
    """Files of 2018 leave one or the other away."""
    exterior, interior = read_rings({})

    assert exterior.shape == (0, 2)
    assert interior == []


def test_whole_numbers_are_written_as_ints():
    """3.0 becomes 3, 3.5 stays."""
    assert points_json(path((3, 3.5))) == {"points": {"exterior": [[3, 3.5]], "interior": []}}
    assert isinstance(points_json(path((3, 3.5)))["points"]["exterior"][0][0], int)
