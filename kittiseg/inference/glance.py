"""A first pass over a region by larger windows, which says where the network need not look closely."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from kittiseg.inference.grid import Axis, Grid, place
from kittiseg.inference.regions import Region
from kittiseg.inference.skip import Coarse
from kittiseg.project.geometry import Window
from kittiseg.project.pixels import LazyImage

Cell = tuple[int, int]
"""Row and column of a window in the grid of the first pass."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """Px of an axis that one window of the first pass answers for: ``first`` to ``stop``, counted from its start."""

    index: int
    first: int
    stop: int

    def samples(self, factor: int, length: int) -> tuple[int, int]:
        """Of the window's scores, those that bilinear enlargement takes for these px; ``length``: how many it has."""
        return max(self.first // factor - 1, 0), min((self.stop - 1) // factor + 2, length)


class Glance:
    """What the first pass found in a region. Windows here are those of the region's own grid.

    The windows of the pass are ``factor`` times as long and wide, side by side over all of the region, whichever part
    of it is asked for. Their pixels are averaged to the size of the region's windows, for the network and its scores;
    the scores are enlarged bilinearly, each window's by themselves, where they are taken. Where the last window of an
    axis is moved back, the one before it answers for what both see.
    """

    def __init__(self, region: Region, settings: Coarse, background: int) -> None:
        self._factor, self._below, self._background = settings.factor, settings.below, background
        self._window = region.grid.window
        rows, columns = (
            place(max(length, factor_px), factor_px, 0)
            for length, factor_px in (
                (region.place.height, settings.factor * self._window.height),
                (region.place.width, settings.factor * self._window.width),
            )
        )
        self._region = Region(region.place, Grid(rows, columns))
        outer, inner = self._region.inner, region.inner
        self._down, self._right = outer.top - inner.top, outer.left - inner.left
        self._scores: dict[Cell, np.ndarray] = {}

    def cells(self, windows: Iterable[Window]) -> list[Cell]:
        """What must be known of the first pass to answer for some windows, in the order of its grid."""
        return sorted({(down.index, right.index) for window in windows for down, right in self._pieces(window)})

    def cut(self, image: LazyImage, cell: Cell) -> np.ndarray:
        """The pixels of a window of the first pass, RGB uint8 (f h, f w, 3)."""
        return self._region.cut(image, self._region.grid.at(*cell))

    def reduced(self, pixels_hwc: np.ndarray) -> np.ndarray:
        """Such pixels as the network is given them, (h, w, 3)."""
        return cv2.resize(pixels_hwc, (self._window.width, self._window.height), interpolation=cv2.INTER_AREA)

    def add(self, cell: Cell, scores_chw: np.ndarray) -> None:
        """What the network found in such pixels."""
        self._scores[cell] = scores_chw.copy()  # or all of its batch would be kept

    def is_enough(self, window: Window) -> bool:
        """Whether all of the window has been seen, and no object class is as probable as ``below`` anywhere in it."""
        for down, right in self._pieces(window):
            if (down.index, right.index) not in self._scores:
                return False
            samples_chw = self._samples(down, right)
            for index, samples_hw in enumerate(samples_chw):
                if index != self._background and samples_hw.max() >= self._below:
                    return False
        return True

    def scores(self, window: Window) -> np.ndarray:
        """What the first pass found in a window that :meth:`is_enough`, float32 (c, h, w)."""
        pieces = list(self._pieces(window))
        classes = len(self._samples(*pieces[0]))
        scores_chw = np.empty((classes, window.height, window.width), np.float32)
        top = left = 0
        for down, right in pieces:
            height, width = down.stop - down.first, right.stop - right.first
            scores_chw[:, top : top + height, left : left + width] = self._enlarged(down, right)
            left += width
            if left == window.width:
                top, left = top + height, 0
        return scores_chw

    def _pieces(self, window: Window) -> Iterator[tuple[_Piece, _Piece]]:
        """What the windows of the first pass that a window touches show of it, row by row."""
        grid, moved = self._region.grid, window.moved(down=self._down, right=self._right)
        columns = list(_along(grid.columns, moved.left, moved.right))
        for down in _along(grid.rows, moved.top, moved.bottom):
            yield from ((down, right) for right in columns)

    def _samples(self, down: _Piece, right: _Piece) -> np.ndarray:
        top, bottom = down.samples(self._factor, self._window.height)
        first, last = right.samples(self._factor, self._window.width)
        return self._scores[down.index, right.index][:, top:bottom, first:last]

    def _enlarged(self, down: _Piece, right: _Piece) -> np.ndarray:
        samples_chw, factor = self._samples(down, right), self._factor
        _, height, width = samples_chw.shape
        top = down.first - factor * down.samples(factor, self._window.height)[0]
        left = right.first - factor * right.samples(factor, self._window.width)[0]
        rows, columns = slice(top, top + down.stop - down.first), slice(left, left + right.stop - right.first)
        return np.stack(
            [
                cv2.resize(samples_hw, (factor * width, factor * height), interpolation=cv2.INTER_LINEAR)[rows, columns]
                for samples_hw in samples_chw
            ]
        )


def _along(axis: Axis, first: int, stop: int) -> Iterator[_Piece]:
    """Which windows, laid side by side, answer for the px from ``first`` to ``stop``."""
    last = len(axis.starts) - 1
    while first < stop:
        index = min(first // axis.window, last)
        end = stop if index == last else min((index + 1) * axis.window, stop)
        yield _Piece(index, first - axis.starts[index], end - axis.starts[index])
        first = end
