"""Where windows lie along an axis, and what they weigh."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiseg.inference.grid import BLENDS, STRETCH, Axis, Blend, Grid, place
from kittiseg.project.geometry import Size, Window
from kittiseg.project.windows import place_windows
from tests.data.windows import PLACEMENTS, axes, grids


@given(st.integers(1, 500), st.data(), st.sampled_from(PLACEMENTS))
def test_windows_cover_an_axis_and_overlap_enough(length: int, data: st.DataObject, placement) -> None:
    """Of any placement: from end to end, in order, sharing what was asked for, no more windows than in 2018."""
    window = data.draw(st.integers(1, length))
    overlap = data.draw(st.integers(0, window - 1))

    axis = place(length, window, overlap, placement)

    assert axis.starts[0] == 0
    assert axis.starts[-1] + axis.window == length
    steps = np.diff(axis.starts)
    assert (steps > 0).all()
    assert (steps <= axis.window - overlap).all()
    assert len(axis.starts) <= len(place(length, window, overlap).starts)
    assert window <= axis.window <= max(window, -(-window * (1 + STRETCH) // 1) + 1)


@given(st.integers(1, 500), st.data())
def test_even_windows_stand_at_equal_distances(length: int, data: st.DataObject) -> None:
    """As many as by ``clamp``; steps differ by rounding alone."""
    window = data.draw(st.integers(1, length))
    overlap = data.draw(st.integers(0, window - 1))

    axis = place(length, window, overlap, "even")

    steps = np.diff(axis.starts)
    assert len(axis.starts) == len(place(length, window, overlap).starts)
    assert not len(steps) or steps.max() - steps.min() <= 1


def test_fit_halves_the_windows_of_a_kitti_frame() -> None:
    """Five rows more than the window: 14 windows of 370 x 375 px in place of 28, the columns as they were."""
    rows, columns = place(375, 370, 0, "fit"), place(1242, 370, 300, "fit")

    assert (rows.window, rows.starts) == (375, (0,))
    assert columns == place(1242, 370, 300)
    assert Grid(rows, columns).count == 14
    assert Grid(place(375, 370, 0), columns).count == 28


def test_a_grid_is_rows_by_columns() -> None:
    """In the order of ``place_windows``."""
    grid = Grid(place(9, 4, 1), place(12, 5, 2))

    wanted = place_windows(Size(height=9, width=12), Size(height=4, width=5), Size(height=1, width=2))
    assert grid.windows == wanted
    assert (grid.count, grid.per_row) == (len(wanted), 4)
    assert grid.at(1, 2) == wanted[6] == Window(top=3, left=6, height=4, width=5)


def test_what_lies_in_a_halo_does_not_count() -> None:
    """But at the ends of the axis, where no other window sees more."""
    axis = Axis(20, 10, (0, 6, 10), halo=2)

    assert axis.cores == ((0, 8), (8, 14), (12, 20))
    assert axis.weights("mean").tolist() == [1] * 12 + [2] * 2 + [1] * 6


def test_windows_that_leave_gaps_are_refused() -> None:
    """Also where only a halo opens the gap, and where a window sticks out."""
    for wrong in ({"starts": (0, 6)}, {"starts": (0, 5), "halo": 1}, {"starts": (0, 5, 6)}):
        with pytest.raises(ValueError, match=r"do not cover 10 px exactly"):
            Axis(**{"length": 10, "window": 5, **wrong})


@pytest.mark.parametrize("blend", sorted(BLENDS))
@given(length=st.integers(1, 300))
def test_weights_are_symmetric_and_never_zero(blend: Blend, length: int) -> None:
    """Whatever the window's length: a pixel that one window alone covers must not vanish."""
    weights = BLENDS[blend](length)

    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights, weights[::-1], rtol=1e-5)
    assert weights.min() > 0


def test_the_gaussian_is_monais() -> None:
    """Its importance map with sigma an eighth of the window, where it does not raise the smallest weights."""
    monai = pytest.importorskip("monai.data.utils")
    theirs_hw = monai.compute_importance_map((32, 48), mode="gaussian", sigma_scale=0.125, device="cpu").numpy()

    ours_hw = np.outer(BLENDS["gaussian"](32), BLENDS["gaussian"](48))

    plain_hw = theirs_hw > theirs_hw.min()
    assert plain_hw.mean() > 0.6
    np.testing.assert_allclose((ours_hw / ours_hw.max())[plain_hw], (theirs_hw / theirs_hw.max())[plain_hw], rtol=1e-4)


def test_hann_windows_at_half_overlap_sum_up_to_one() -> None:
    """So that dividing changes nothing between the first window and the last."""
    assert place(64, 16, 8).weights("hann")[8:-8] == pytest.approx(1)


@given(grids())
def test_the_divisor_is_what_the_windows_weigh(grid: Grid) -> None:
    """A product of two vectors, equal to the sum over all windows."""
    weights_hw = np.zeros((grid.canvas.height, grid.canvas.width))
    for window in grid.windows:
        weights_hw[window.slices] += 1 if grid.weights_hw is None else grid.weights_hw

    np.testing.assert_allclose(grid.divisor(0, grid.canvas.height), weights_hw, rtol=1e-5)


@given(axes())
def test_cores_cover_the_axis(axis: Axis) -> None:
    """Without halo they are the windows."""
    assert axis.cores == tuple((start, start + axis.window) for start in axis.starts)
