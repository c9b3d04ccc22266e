"""Pictures with grids of windows on them, drawn by hypothesis, and what their stitching comes to by brute force."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from kittiseg.inference.grid import BLENDS, Axis, Grid, Placement, place

PLACEMENTS: tuple[Placement, ...] = ("clamp", "even", "fit")


@st.composite
def axes(draw: st.DrawFn, longest: int = 24) -> Axis:
    """Windows along an axis, by any placement, with any overlap."""
    length = draw(st.integers(1, longest))
    window = draw(st.integers(1, length))
    return place(length, window, draw(st.integers(0, window - 1)), draw(st.sampled_from(PLACEMENTS)))


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    """Windows on a picture, with any blend."""
    return Grid(draw(axes()), draw(axes(12)), draw(st.sampled_from(sorted(BLENDS))))


def stitched_whole(grid: Grid, scores_nchw: Sequence[np.ndarray]) -> np.ndarray:
    """The weighted sums over all windows, float32 (c, h, w), with the whole picture in memory.

    Row by row of windows, each summed up by itself first, as is the definition of the result.
    """
    canvas, weights_hw = grid.canvas, grid.weights_hw
    sums_chw = np.zeros((len(scores_nchw[0]), canvas.height, canvas.width), np.float32)
    scores = iter(scores_nchw)
    for row, (top, bottom) in enumerate(grid.rows.cores):
        of_row_chw = np.zeros_like(sums_chw)
        for column, (left, right) in enumerate(grid.columns.cores):
            window, scores_chw = grid.at(row, column), next(scores)
            weighted_chw = scores_chw if weights_hw is None else scores_chw * weights_hw
            inside = slice(top - window.top, bottom - window.top), slice(left - window.left, right - window.left)
            of_row_chw[:, top:bottom, left:right] += weighted_chw[:, inside[0], inside[1]]
        sums_chw += of_row_chw
    return sums_chw
