"""Stitching row by row of windows, whole and in parts."""

from collections.abc import Iterator
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiseg.inference.grid import Axis, Grid, place
from kittiseg.inference.regions import Region
from kittiseg.inference.scored import NOTHING, Band
from kittiseg.inference.stitching import Edges, Stitcher, Sums, arg_max, finish, parts_of, seam
from kittiseg.project.geometry import Window
from tests.data.windows import grids, stitched_whole

CLASSES = 3


def scores_of(grid: Grid, seed: int = 0) -> list[np.ndarray]:
    """Random scores of every window, float32 (c, h, w)."""
    rng = np.random.default_rng(seed)
    return [rng.random((CLASSES, grid.window.height, grid.window.width), np.float32) for _ in range(grid.count)]


def stitched(grid: Grid, scores: list[np.ndarray], rows: range | None = None) -> tuple[list[Sums], Edges]:
    """The sums of some rows of windows, taken as soon as they are final."""
    rows = range(len(grid.rows.starts)) if rows is None else rows
    stitcher = Stitcher(grid, classes=CLASSES, rows=rows)
    sums: list[Sums] = []
    for scores_chw in scores[rows.start * grid.per_row : rows.stop * grid.per_row]:
        assert not stitcher.complete
        stitcher.add(scores_chw)
        if final := stitcher.final():
            sums.append(Sums(final.top, final.sums_chw.copy()))
    assert stitcher.complete
    return sums, stitcher.edges()


def joined(sums: list[Sums]) -> np.ndarray:
    """Sums that follow one another without gaps."""
    at = 0
    for one in sums:
        assert one.top == at
        at += one.sums_chw.shape[1]
    return np.concatenate([one.sums_chw for one in sums], axis=1)


def whole_region(grid: Grid) -> Region:
    return Region(Window.whole(grid.canvas), grid)


@given(grids(), st.integers(0, 99))
def test_stitching_by_rows_is_stitching_of_the_whole_bit_for_bit(grid: Grid, seed: int):
    """Whatever grid, placement and blend."""
    scores = scores_of(grid, seed)

    sums, edges = stitched(grid, scores)

    np.testing.assert_array_equal(joined(sums), stitched_whole(grid, scores))
    assert edges == Edges()


def partitions(grid: Grid, rng: np.random.Generator) -> Iterator[range]:
    """Rows of windows in parts of random height, no pixel in three of them."""
    cores, count = grid.rows.cores, len(grid.rows.starts)
    first = 0
    while first < count:
        stop = first + int(rng.integers(1, 4))
        while stop < count and cores[stop][0] < (cores[first - 1][1] if first else 0):
            stop += 1
        yield range(first, min(stop, count))
        first = stop


@given(grids(), st.integers(0, 99))
def test_parts_and_their_seams_are_the_whole_bit_for_bit(grid: Grid, seed: int):
    """However the rows of windows are shared out."""
    scores, rng = scores_of(grid, seed), np.random.default_rng(seed)

    sums: list[Sums] = []
    above: Edges | None = None
    for rows in partitions(grid, rng):
        own, edges = stitched(grid, scores, rows)
        between = None if above is None else seam(above, edges)
        sums += [*([between] if between else []), *own]
        above = edges

    np.testing.assert_array_equal(joined(sums), stitched_whole(grid, scores))


@given(grids())
def test_the_parts_of_a_grid_are_all_of_it_and_meet_in_seams(grid: Grid):
    """In order, none empty, and no pixel is touched by three of them."""
    with patch("kittiseg.inference.stitching.WINDOWS_PER_PART", 1):
        parts = parts_of(grid)

    assert [row for part in parts for row in part] == list(range(len(grid.rows.starts)))
    assert all(parts)
    cores = grid.rows.cores
    for above, part, _ in zip(parts, parts[1:], parts[2:], strict=False):
        assert cores[above.stop - 1][1] <= cores[part.stop][0]


def test_few_windows_are_one_part_and_many_are_several():
    """A frame of KITTI is not worth sharing, 600 windows are; a fourth of a part at most is in a seam."""
    frame = Grid(place(375, 370, 0), place(1242, 370, 300))
    aerial = Grid(place(4500, 512, 256), place(6900, 512, 256))

    assert parts_of(frame) == [range(2)]
    assert len(parts_of(aerial)) == 4
    assert all(len(part) * 256 / 4 >= 256 for part in parts_of(aerial))


@given(grids(), st.floats(2**-10, 1, width=32))
def test_a_constant_field_stays_constant(grid: Grid, value: float):
    """The same weights above and below the fraction: equal scores give that score on every pixel."""
    scores = [np.full((CLASSES, grid.window.height, grid.window.width), value, np.float32)] * grid.count
    sums, _ = stitched(grid, scores)

    for one in sums:
        for band in finish(whole_region(grid), one, classes=CLASSES, probabilities=True):
            assert band.probs_chw is not None
            np.testing.assert_allclose(band.probs_chw, value, rtol=1e-5)


@given(grids(), st.integers(0, 99))
def test_probabilities_are_the_weighted_mean(grid: Grid, seed: int):
    """As double precision finds it, and the label is their highest."""
    scores = scores_of(grid, seed)
    shape = grid.canvas.height, grid.canvas.width
    above_chw, below_hw = np.zeros((CLASSES, *shape)), np.zeros(shape)
    for window, scores_chw in zip(grid.windows, scores, strict=True):
        rows, columns = window.slices
        weights_hw = np.ones_like(scores_chw[0]) if grid.weights_hw is None else grid.weights_hw
        above_chw[:, rows, columns] += scores_chw * weights_hw.astype(np.float64)
        below_hw[rows, columns] += weights_hw

    sums, _ = stitched(grid, scores)
    bands = [b for one in sums for b in finish(whole_region(grid), one, classes=CLASSES, probabilities=True)]

    probs_chw = np.concatenate([band.probs_chw for band in bands], axis=1)
    np.testing.assert_allclose(probs_chw, above_chw / below_hw, rtol=1e-4)
    labels_hw = np.concatenate([band.labels_hw for band in bands])
    np.testing.assert_array_equal(labels_hw, joined(sums).argmax(axis=0))


def test_no_more_than_a_window_s_height_is_held():
    """A picture a hundred times as high as its windows: sums leave as soon as the next row of windows begins."""
    grid = Grid(place(1600, 16, 8), place(40, 16, 8))
    stitcher = Stitcher(grid, classes=CLASSES)
    scores_chw = np.ones((CLASSES, 16, 16), np.float32)
    heights = []
    for _ in range(grid.count):
        stitcher.add(scores_chw)
        if final := stitcher.final():
            heights.append(final.sums_chw.shape[1])

    assert sum(heights) == 1600
    assert max(heights) == 16  # the last row of windows ends with the picture
    held = [values for values in vars(stitcher).values() if isinstance(values, np.ndarray)]
    assert sum(values.nbytes for values in held) == CLASSES * 16 * (40 + 32) * 4


def test_skipped_windows_do_not_count():
    """A pixel that only skipped windows cover has no label; others have the mean of those that were looked at."""
    grid = Grid(place(2, 2, 0), place(6, 4, 2))
    stitcher = Stitcher(grid, classes=2, skips=True)
    stitcher.add(None)
    stitcher.add(np.stack([np.full((2, 4), 0.25, np.float32), np.full((2, 4), 0.75, np.float32)]))

    final = stitcher.final()
    assert final is not None

    (band,) = finish(whole_region(grid), final, classes=2, probabilities=True)

    assert band.labels_hw.tolist() == [[NOTHING, NOTHING, 1, 1, 1, 1]] * 2
    assert band.probs_chw is not None
    assert band.probs_chw[:, 0].tolist() == [[0, 0, 0.25, 0.25, 0.25, 0.25], [0, 0, 0.75, 0.75, 0.75, 0.75]]


def test_what_was_padded_is_left_out():
    """A region of 3 x 2 px on a canvas of 5 x 4: rows and columns around it go."""
    grid = Grid(Axis(5, 5, (0,)), Axis(4, 4, (0,)))
    region = Region(Window(top=7, left=9, height=3, width=2), grid)
    sums_chw = np.arange(2 * 5 * 4, dtype=np.float32).reshape(2, 5, 4)

    (band,) = finish(region, Sums(0, sums_chw), classes=2, probabilities=True)

    assert (band.top, band.labels_hw.shape) == (0, (3, 2))
    np.testing.assert_array_equal(band.probs_chw, sums_chw[:, 1:4, 1:3])
    assert finish(region, Sums(4, sums_chw[:, 4:]), classes=2) == []


def test_more_than_255_windows_on_a_pixel_are_counted():
    """500 windows over one column of pixels: no counter runs over."""
    grid = Grid(place(1, 1, 0), place(999, 500, 499))
    assert grid.count == 500

    (one,), _ = stitched(grid, [np.ones((CLASSES, 1, 500), np.float32)] * 500)

    (band,) = finish(whole_region(grid), one, classes=CLASSES, probabilities=True)
    np.testing.assert_array_equal(band.probs_chw, np.ones((CLASSES, 1, 999)))


def test_stitching_agrees_with_monai():
    """MONAI's ``sliding_window_inference`` with constant weights gives the same means on an equal plan."""
    torch = pytest.importorskip("torch")
    inferers = pytest.importorskip("monai.inferers")
    image_chw = np.random.default_rng(0).random((3, 42, 68), np.float32)
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Conv2d(3, CLASSES, 3, padding=1), torch.nn.Softmax(dim=1)).eval()
    grid = Grid(place(42, 16, 8), place(68, 24, 12))

    with torch.inference_mode():
        theirs = inferers.sliding_window_inference(
            torch.from_numpy(image_chw)[None], (16, 24), 4, network, overlap=0.5, mode="constant"
        )
        scores = [
            network(torch.from_numpy(image_chw[None, :, window.slices[0], window.slices[1]]))[0].numpy()
            for window in grid.windows
        ]
    bands: list[Band] = []
    for one in stitched(grid, scores)[0]:
        bands += finish(whole_region(grid), one, classes=CLASSES, probabilities=True)

    ours = np.concatenate([band.probs_chw for band in bands], axis=1)
    np.testing.assert_allclose(ours, theirs[0].numpy(), atol=1e-6)


@given(st.integers(1, 6), st.integers(0, 99))
def test_arg_max_is_numpys(classes: int, seed: int):
    """Ties included: the first of equal scores wins."""
    scores_chw = np.random.default_rng(seed).integers(0, 3, (classes, 4, 5)).astype(np.float32)

    labels_hw = arg_max(scores_chw)

    assert labels_hw.dtype == np.uint8
    np.testing.assert_array_equal(labels_hw, scores_chw.argmax(axis=0))
