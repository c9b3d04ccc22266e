"""One score per pixel out of the scores of overlapping windows, row by row of windows, in bounded memory.

Scores of one row of windows are added up from left to right, the rows of windows then from top to bottom. That order is
the definition of the result: it is the same in whichever batches the scores come, and when the rows of windows are
shared out to several workers (:func:`parts_of`), whose results meet in seams.
"""

from dataclasses import dataclass

import numpy as np

from kittiseg.inference.grid import Grid
from kittiseg.inference.regions import Region
from kittiseg.inference.scored import NOTHING, Band

WINDOWS_PER_PART = 64

_STRIP = 2  # windows side by side whose sums are held before they are added to those of the rows above


@dataclass(frozen=True, slots=True)
class Sums:
    """Weighted sums of scores, final for the rows from ``top``; float32 (c, h, w).

    Where windows may be skipped the last channel is the sum of the weights of those that were not.
    """

    top: int
    sums_chw: np.ndarray


@dataclass(frozen=True, slots=True)
class Edges:
    """What a part of the rows of windows leaves open, for the seams to its neighbours.

    ``heads``: of the rows that windows of the part above cover too, what each row of windows here adds, in their order.
    ``carry``: sums of the rows that windows of the part below cover too.
    """

    heads: tuple[Sums, ...] = ()
    carry: Sums | None = None


class Stitcher:
    """The weighted sums over all windows that cover a pixel. Memory: ``c * window height * width * 4`` bytes.

    The windows of some ``rows`` of the grid (all of them, or a part that :func:`parts_of` gives) are added in the order
    of the grid; what no later window touches can be taken at once. With ``skips`` there is a channel for weights.
    """

    def __init__(self, grid: Grid, *, classes: int, rows: range | None = None, skips: bool = False) -> None:
        self._grid = grid
        self._rows = range(len(grid.rows.starts)) if rows is None else rows
        self._skips = skips
        channels, cores = classes + skips, grid.rows.cores
        self._row, self._column = self._rows.start, 0
        self._shared = cores[self._rows.start - 1][1] if self._rows.start else 0  # rows above are the seam's
        self._top = max(self._shared, cores[self._rows.start][0])
        self._open_chw = np.zeros((channels, grid.rows.window, grid.columns.length), np.float32)
        width = min(_STRIP * grid.columns.window, grid.columns.length)
        self._strip_chw = np.zeros((channels, grid.rows.window, width), np.float32)
        self._strip_left = self._flushed = 0
        self._heads: list[Sums] = []
        self._final = 0  # rows from the top that no later window touches

    @property
    def complete(self) -> bool:
        """Whether every window has been added."""
        return self._row == self._rows.stop

    def add(self, scores_chw: np.ndarray | None) -> None:
        """The scores of the next window, float32 (c, h, w); None where it was skipped. Final sums are gone then."""
        self._drop_final()
        columns, window = self._grid.columns, self._grid.at(self._row, self._column)
        top, bottom = self._grid.rows.cores[self._row]
        left, right = columns.cores[self._column]
        if self._column == 0:
            self._begin_row()
        self._flush(left)
        if right > self._strip_left + self._strip_chw.shape[2]:
            _moved_up(self._strip_chw, left - self._strip_left, axis=2)
            self._strip_left = left
        if scores_chw is not None:
            rows, cols = slice(top - window.top, bottom - window.top), slice(left - window.left, right - window.left)
            weights_hw = self._grid.weights_hw
            into_chw = self._strip_chw[:, : bottom - top, left - self._strip_left : right - self._strip_left]
            classes = len(scores_chw)
            if weights_hw is None:
                into_chw[:classes] += scores_chw[:, rows, cols]
            else:
                into_chw[:classes] += scores_chw[:, rows, cols] * weights_hw[rows, cols]
            if self._skips:
                into_chw[classes] += 1 if weights_hw is None else weights_hw[rows, cols]
        self._column += 1
        if self._column == self._grid.per_row:
            self._flush(columns.length)
            self._end_row()

    def final(self) -> Sums | None:
        """What the last window has made final; a view, until the next one is added. None where that is nothing."""
        return Sums(self._top, self._open_chw[:, : self._final]) if self._final else None

    def edges(self) -> Edges:
        """What is left open when all windows have been added. Final sums are gone then."""
        assert self.complete, "windows are missing"
        self._drop_final()
        below = self._rows.stop
        if below == len(self._grid.rows.starts):
            return Edges(tuple(self._heads))
        height = self._grid.rows.cores[below - 1][1] - self._top
        return Edges(tuple(self._heads), Sums(self._top, self._open_chw[:, :height]))

    def _begin_row(self) -> None:
        top = self._grid.rows.cores[self._row][0]
        self._strip_left = self._flushed = 0
        self._strip_chw[:] = 0
        if top < self._shared:
            channels, _, width = self._open_chw.shape
            self._heads.append(Sums(top, np.zeros((channels, self._shared - top, width), np.float32)))

    def _flush(self, left: int) -> None:
        """Adds the columns of this row of windows before ``left``, which no later window of it touches."""
        if left == self._flushed:
            return
        top, bottom = self._grid.rows.cores[self._row]
        columns, seam = slice(self._flushed, left), max(self._shared - top, 0)
        row_chw = self._strip_chw[:, : bottom - top, self._flushed - self._strip_left : left - self._strip_left]
        if seam:
            self._heads[-1].sums_chw[:, :, columns] = row_chw[:, :seam]
        begin = max(top, self._shared) - self._top
        self._open_chw[:, begin : bottom - self._top, columns] += row_chw[:, seam:]
        self._flushed = left

    def _end_row(self) -> None:
        """The next row of windows begins lower: what lies above it is final."""
        cores = self._grid.rows.cores
        self._row, self._column = self._row + 1, 0
        below = cores[self._row][0] if self._row < len(cores) else self._grid.rows.length
        self._final = max(below - self._top, 0)

    def _drop_final(self) -> None:
        if self._final:
            _moved_up(self._open_chw, self._final, axis=1)
            self._top, self._final = self._top + self._final, 0


def parts_of(grid: Grid) -> list[range]:
    """The rows of a grid in parts of about :data:`WINDOWS_PER_PART` windows; one part where there would be few.

    They follow from the grid alone, so that results do not depend on who computes which part. They are so tall that at
    most a fourth of their rows are in a seam, and that no pixel is touched by three of them.
    """
    cores, starts = grid.rows.cores, grid.rows.starts
    count = len(starts)
    if count == 1 or grid.count <= 2 * WINDOWS_PER_PART:
        return [range(count)]
    shared, step = cores[0][1] - cores[1][0], starts[1] - starts[0]
    wanted = max(WINDOWS_PER_PART // grid.per_row, -(-4 * shared // step), 1)
    parts: list[range] = []
    first = 0
    while first < count:
        stop = first + wanted
        above = cores[first - 1][1] if first else 0
        while stop < count and cores[stop][0] < above:
            stop += 1
        if count - stop < wanted:  # the rest would be a small part
            stop = count
        parts.append(range(first, stop))
        first = stop
    return parts


def seam(above: Edges, below: Edges) -> Sums | None:
    """The final sums of the rows that windows of two neighbouring parts cover; None where there are none."""
    assert above.carry is not None, "the lowest part has nothing below it"
    if not above.carry.sums_chw.shape[1]:
        return None
    sums_chw = above.carry.sums_chw.copy()
    for head in below.heads:
        sums_chw[:, head.top - above.carry.top :] += head.sums_chw
    return Sums(above.carry.top, sums_chw)


def finish(region: Region, sums: Sums, *, classes: int, probabilities: bool = False) -> list[Band]:
    """Final sums as labels, and as probabilities where they are wanted, in the rows of the region itself.

    One band, or none where they lie in what was padded. Probabilities are weighted means of the windows' scores.
    """
    inner = region.inner
    first = max(inner.top - sums.top, 0)
    stop = min(inner.bottom - sums.top, sums.sums_chw.shape[1])
    if first >= stop:
        return []
    inside_chw = sums.sums_chw[:, first:stop, inner.left : inner.right]
    scores_chw, top = inside_chw[:classes], sums.top + first
    labels_hw = arg_max(scores_chw)
    if len(inside_chw) > classes:
        labels_hw[inside_chw[classes] == 0] = NOTHING
    if not probabilities:
        return [Band(top - inner.top, labels_hw)]
    if len(inside_chw) > classes:
        divisor_hw = np.where(inside_chw[classes] > 0, inside_chw[classes], 1)
    else:
        divisor_hw = region.grid.divisor(top, top + len(labels_hw))[:, inner.left : inner.right]
    return [Band(top - inner.top, labels_hw, scores_chw / divisor_hw)]


def arg_max(scores_chw: np.ndarray) -> np.ndarray:
    """The index of the highest of at most 255 scores, uint8 (h, w); of equal ones the first.

    As ``scores_chw.argmax(axis=0)``, which is seven times slower along the first axis and makes 8 bytes per pixel.
    """
    labels_hw = np.zeros(scores_chw.shape[1:], np.uint8)
    best_hw = scores_chw[0].copy()
    for index in range(1, len(scores_chw)):
        better_hw = (scores_chw[index] > best_hw).view(np.uint8)
        np.maximum(labels_hw, better_hw * np.uint8(index), out=labels_hw)
        np.maximum(best_hw, scores_chw[index], out=best_hw)
    return labels_hw


def _moved_up(values_chw: np.ndarray, count: int, *, axis: int) -> None:
    """Moves all values ``count`` places towards the beginning of an axis, and leaves zeros behind them."""
    moved = np.moveaxis(values_chw, axis, 0)
    kept = max(len(moved) - count, 0)
    moved[:kept] = moved[len(moved) - kept :]
    moved[kept:] = 0
