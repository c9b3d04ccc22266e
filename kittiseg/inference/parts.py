"""Parts of pictures: what is to be scored, what was found on it, and in between its windows that wait for scores."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np

from kittiseg.inference.glance import Cell, Glance
from kittiseg.inference.regions import Region
from kittiseg.inference.scored import Band
from kittiseg.inference.skip import SHOW_ALL, Sieve
from kittiseg.inference.stitching import Edges, Stitcher, finish
from kittiseg.project.geometry import Window
from kittiseg.project.pixels import LazyImage

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Part(Generic[K]):
    """Some rows of windows of a region of a picture; ``rows`` None for all of them. ``sieve``: which are skipped."""

    key: K
    image: LazyImage
    region: Region
    rows: range | None = None
    sieve: Sieve = SHOW_ALL


@dataclass(frozen=True, slots=True)
class PartScored(Generic[K]):
    """What was found on a part: the rows that no other part touches, from the top, and what the seams need.

    ``windows``: that the network was shown, those of a first pass too; ``skipped``: those of the grid that it was not.
    """

    key: K
    bands: list[Band]
    edges: Edges
    windows: int
    skipped: int


@dataclass(slots=True)
class WaitingWindow:
    """A window that waits for its scores. ``cell``: which one it is of the first pass; None for those of the grid.

    ``skipped``: windows of the grid behind it that are added after it; None those without an answer.
    """

    part: "OpenPart"
    cell: Cell | None = None
    skipped: list[Window | None] = field(default_factory=list)


class OpenPart:
    """A part that waits for the scores of some of its windows, which come in the order in which they were shown.

    ``to_queue``: whether the windows of its grid are still to be shown. ``classes``: how many; ``probabilities``:
    whether they are wanted beside labels.
    """

    def __init__(self, part: Part[Any], *, classes: int, probabilities: bool) -> None:
        sieve, region = part.sieve, part.region
        self.part = part
        self.to_queue = True
        self.glance = None if sieve.coarse is None else Glance(region, sieve.coarse, sieve.background)
        self._stitcher = Stitcher(region.grid, classes=classes, rows=part.rows, skips=sieve.leaves_gaps)
        self._classes = classes
        self._probabilities = probabilities
        self._glances = 0  # windows of the first pass that wait
        self._last: WaitingWindow | None = None  # of those that wait
        self._bands: list[Band] = []
        self._windows = self._skipped = 0

    @property
    def complete(self) -> bool:
        """Whether every window has its scores or was skipped."""
        return self._stitcher.complete

    @property
    def is_looked_over(self) -> bool:
        """Whether the first pass over it, if there is one, has ended."""
        return not self._glances

    def grid_windows(self) -> Iterator[Window]:
        grid, rows = self.part.region.grid, self.part.rows
        return grid.windows_of(range(len(grid.rows.starts)) if rows is None else rows)

    def is_outside(self, window: Window) -> bool:
        return self.part.sieve.is_outside(self.part.region, window)

    def show(self, cell: Cell | None = None) -> WaitingWindow:
        """The network is to be shown the next window of the grid, or ``cell`` of the first pass."""
        self._glances += cell is not None
        self._last = WaitingWindow(self, cell)
        return self._last

    def skip(self, window: Window | None) -> None:
        """The next window of the grid is not shown: it has what the first pass found in it, None no answer."""
        self._skipped += 1
        if self._last is not None:
            self._last.skipped.append(window)  # in its turn
        else:
            self._add_skipped(window)

    def add(self, waiting: WaitingWindow, scores_chw: np.ndarray) -> None:
        """The scores, float32 (c, h, w), of the window that has waited the longest."""
        self._windows += 1
        if waiting.cell is None:
            self._add(scores_chw)
        else:
            assert self.glance is not None
            self.glance.add(waiting.cell, scores_chw)
            self._glances -= 1
        if self._last is waiting:
            self._last = None
        for window in waiting.skipped:
            self._add_skipped(window)

    def scored(self) -> PartScored[Any]:
        """What was found, when it is complete."""
        return PartScored(self.part.key, self._bands, self._stitcher.edges(), self._windows, self._skipped)

    def _add_skipped(self, window: Window | None) -> None:
        if window is None:
            self._add(None)
            return
        assert self.glance is not None
        self._add(self.glance.scores(window))

    def _add(self, scores_chw: np.ndarray | None) -> None:
        self._stitcher.add(scores_chw)
        if sums := self._stitcher.final():
            region, probabilities = self.part.region, self._probabilities
            self._bands += finish(region, sums, classes=self._classes, probabilities=probabilities)
