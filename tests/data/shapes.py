"""Random shapes for property tests: on quarters of px, so that halves are rounded too, some outside the picture."""

import numpy as np
from hypothesis import strategies as st

from kittiseg.project.shapes import Bitmap, Line, Point, Polygon, Rectangle, Shape

quarters = st.integers(-40, 120).map(lambda number: number / 4)
"""Coordinates in px, some of them outside a small picture."""

points = st.tuples(quarters, quarters)


def _box(corners: tuple[tuple[float, float], tuple[float, float]]) -> Rectangle:
    (left, right), (top, bottom) = (sorted(sides) for sides in zip(*corners, strict=True))
    return Rectangle(left, top, right, bottom)


def paths(least: int, most: int = 8) -> st.SearchStrategy[np.ndarray]:
    return st.lists(points, min_size=least, max_size=most).map(np.array)


def bitmaps() -> st.SearchStrategy[Bitmap]:
    """Random masks up to 12 x 12 px, perhaps empty."""

    def make(height: int, width: int, top: int, left: int, seed: int) -> Bitmap:
        mask_hw = np.random.default_rng(seed).random((height, width)) < 0.6
        return Bitmap(top=top, left=left, mask_hw=mask_hw)

    side, place = st.integers(1, 12), st.integers(-8, 24)
    return st.builds(make, side, side, place, place, st.integers(0, 1000))


def shapes() -> st.SearchStrategy[Shape]:
    """Any of the five."""
    holes = st.lists(paths(3, 5), max_size=2).map(tuple)
    return st.one_of(
        bitmaps(),
        st.builds(Polygon, paths(3), holes),
        st.tuples(points, points).map(_box),
        st.builds(Line, paths(2)),
        st.builds(Point, quarters, quarters),
    )
