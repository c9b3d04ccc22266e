"""Pictures with grids of windows on them, drawn by hypothesis, and what their stitching comes to by brute force."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from kittiseg.inference.areas import Areas
from kittiseg.inference.grid import BLENDS, Axis, Grid, Placement, place
from kittiseg.inference.skip import Coarse, Sieve
from kittiseg.project.vectors import Rectangle

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


@st.composite
def sieves(draw: st.DrawFn, *, highest: float = 101 / 7) -> Sieve:
    """Any; what is inside lies near the top left corner. ``highest``: scores of the network are below it."""
    side = st.integers(0, 12)
    box = Rectangle(*draw(st.tuples(side, side)), 12, 12)
    return Sieve(
        plain=draw(st.booleans()),
        inside=Areas.of_shapes([box]) if draw(st.booleans()) else None,
        coarse=draw(st.none() | st.builds(Coarse, factor=st.integers(2, 4), below=st.floats(0, highest))),
        background=draw(st.integers(0, 2)),
    )


def with_plain_parts(image_hwc: np.ndarray) -> np.ndarray:
    """The picture with its lower half, and its leftmost third, black."""
    plain_hwc = image_hwc.copy()
    plain_hwc[image_hwc.shape[0] // 2 :] = 0
    plain_hwc[:, : image_hwc.shape[1] // 3] = 0
    return plain_hwc


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
