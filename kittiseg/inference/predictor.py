"""Pictures in, labels and probabilities out, through any function from windows to class scores."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from kittiseg.inference.glance import Cell, Glance
from kittiseg.inference.modes import Mode
from kittiseg.inference.regions import Region
from kittiseg.inference.scored import NOTHING, Band
from kittiseg.inference.skip import SHOW_ALL, Sieve, is_plain
from kittiseg.inference.stitching import Edges, Stitcher, finish
from kittiseg.project.annotation import Annotation
from kittiseg.project.geometry import Size, Window
from kittiseg.project.pixels import LazyImage

K = TypeVar("K")


class Scores(Protocol):
    """An array (n, c, h, w), or what gives one window's scores, (c, h, w), after the other."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __iter__(self) -> Iterator[np.ndarray]: ...


class Forward(Protocol):
    """A network, or what stands for one."""

    def __call__(self, windows_nhwc: np.ndarray, input_size: Size | None = None, /) -> Scores:
        """RGB uint8 windows (n, h, w, 3) -> scores of the classes float32 (n, c, h, w), the higher the likelier.

        ``input_size``: what the network should see them at; None for its own choice.
        """


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
class _Open:
    """A part that waits for the scores of some of its windows."""

    part: Part[Any]
    stitcher: Stitcher
    glance: Glance | None
    queue: "list[_Queued]"
    glances: int = 0  # windows of the first pass that are queued
    is_queued: bool = False  # whether the windows of the grid are, or have been
    bands: list[Band] = field(default_factory=list)
    windows: int = 0
    skipped: int = 0

    def grid_windows(self) -> Iterator[Window]:
        grid, rows = self.part.region.grid, self.part.rows
        for row in range(len(grid.rows.starts)) if rows is None else rows:
            yield from (grid.at(row, column) for column in range(grid.per_row))

    def is_outside(self, window: Window) -> bool:
        inside, shown = self.part.sieve.inside, self.part.region.shown(window)
        return inside is not None and (shown is None or not inside.touch(shown))


@dataclass(slots=True)
class _Queued:
    """A window that waits for its scores. ``cell``: which one it is of the first pass; None for those of the grid.

    ``skipped``: windows of the grid behind it that are added after it; None those without an answer.
    """

    waiting: _Open
    pixels_hwc: np.ndarray
    cell: Cell | None = None
    skipped: list[Window | None] = field(default_factory=list)


class Predictor:
    """Applies ``forward`` to pictures. At most ``batch_size`` + 1 parts are open at a time.

    A batch takes ``batch_size`` windows of one size, of one part or of several; only the last ones may be smaller. The
    scores of a part are added in the order of its grid, whatever the batches.
    """

    def __init__(self, forward: Forward, *, classes: int, batch_size: int, probabilities: bool = False) -> None:
        self.classes = classes
        self.probabilities = probabilities
        self._forward = forward
        self._batch_size = batch_size

    def predict(self, parts: Iterable[Part[K]]) -> Iterator[PartScored[K]]:
        """Each part's scores under its key, in the order of the parts."""
        opened: deque[_Open] = deque()
        queues: dict[tuple[Size, Size | None], list[_Queued]] = {}
        for part in parts:
            opened.append(self._open(part, queues.setdefault((part.region.grid.window, part.region.input_size), [])))
            self._queue_grids(opened)
            while len(opened) > self._batch_size and not opened[0].stitcher.complete:
                self._run(opened[0].queue)  # many sizes: do not let the first wait for a window of its size
                self._queue_grids(opened)
            while opened and opened[0].stitcher.complete:
                yield _closed(opened.popleft())
        while any(queues.values()):
            for queue in queues.values():
                self._run(queue)
            self._queue_grids(opened)
        while opened:
            yield _closed(opened.popleft())

    def _open(self, part: Part[Any], queue: list[_Queued]) -> _Open:
        """Queues the windows of the first pass over a part, if there is one."""
        sieve, region = part.sieve, part.region
        stitcher = Stitcher(region.grid, classes=self.classes, rows=part.rows, skips=sieve.leaves_gaps)
        if sieve.coarse is None:
            return _Open(part, stitcher, None, queue)
        glance = Glance(region, sieve.coarse, sieve.background)
        waiting = _Open(part, stitcher, glance, queue)
        for cell in glance.cells(window for window in waiting.grid_windows() if not waiting.is_outside(window)):
            pixels_hwc = glance.cut(part.image, cell)
            if not (sieve.plain and is_plain(pixels_hwc)):
                waiting.glances += 1
                self._queue(_Queued(waiting, glance.reduced(pixels_hwc), cell))
        return waiting

    def _queue_grids(self, opened: Iterable[_Open]) -> None:
        """Queues the windows of the parts whose first pass is over; that may end the first pass of others."""
        while (ready := next((each for each in opened if not each.is_queued and not each.glances), None)) is not None:
            ready.is_queued = True
            for window in ready.grid_windows():
                self._queue_or_skip(ready, window)

    def _queue_or_skip(self, waiting: _Open, window: Window) -> None:
        part, pixels_hwc = waiting.part, None
        if waiting.is_outside(window):
            self._skip(waiting, None)
            return
        if part.sieve.plain:
            pixels_hwc = part.region.cut(part.image, window)
            if is_plain(pixels_hwc):
                self._skip(waiting, None)
                return
        if waiting.glance is not None and waiting.glance.is_enough(window):
            self._skip(waiting, window)
            return
        self._queue(_Queued(waiting, part.region.cut(part.image, window) if pixels_hwc is None else pixels_hwc))

    def _queue(self, queued: _Queued) -> None:
        queue = queued.waiting.queue
        queue.append(queued)
        if len(queue) == self._batch_size:
            self._run(queue)

    def _skip(self, waiting: _Open, window: Window | None) -> None:
        """In its turn: after the windows of its part that are still queued, which are the last ones there."""
        waiting.skipped += 1
        if waiting.queue and waiting.queue[-1].waiting is waiting:
            waiting.queue[-1].skipped.append(window)
        else:
            self._add_skipped(waiting, window)

    def _run(self, queue: list[_Queued]) -> None:
        """Scores the windows of a queue and empties it."""
        if not queue:
            return
        region = queue[0].waiting.part.region
        scores_nchw = self._forward(np.stack([queued.pixels_hwc for queued in queue]), region.input_size)
        wanted = (len(queue), self.classes, region.grid.window.height, region.grid.window.width)
        if scores_nchw.shape != wanted:
            raise ValueError(f"forward gave scores of shape {scores_nchw.shape}; wanted {wanted} (n, c, h, w)")
        for queued, scores_chw in zip(queue, scores_nchw, strict=True):
            waiting = queued.waiting
            waiting.windows += 1
            if queued.cell is None:
                self._add(waiting, scores_chw)
            else:
                assert waiting.glance is not None
                waiting.glance.add(queued.cell, scores_chw)
                waiting.glances -= 1
            for window in queued.skipped:
                self._add_skipped(waiting, window)
        queue.clear()

    def _add_skipped(self, waiting: _Open, window: Window | None) -> None:
        """With what the first pass found in it, unless it has no answer (None)."""
        if window is None:
            self._add(waiting, None)
            return
        assert waiting.glance is not None
        self._add(waiting, waiting.glance.scores(window))

    def _add(self, waiting: _Open, scores_chw: np.ndarray | None) -> None:
        waiting.stitcher.add(scores_chw)
        for sums in waiting.stitcher.take():
            waiting.bands += finish(waiting.part.region, sums, classes=self.classes, probabilities=self.probabilities)


def label_maps(
    predictor: Predictor, mode: Mode, images: Iterable[tuple[K, np.ndarray]]
) -> Iterator[tuple[K, np.ndarray]]:
    """For each picture, RGB uint8 (h, w, 3), under its key, in their order: class indices, uint8 (h, w).

    What the mode does not look at is :data:`~kittiseg.inference.scored.NOTHING`; pictures have no objects here.
    """
    opened: deque[tuple[K, np.ndarray, int]] = deque()

    def parts() -> Iterator[Part[Window]]:
        for key, image_hwc in images:
            size = Size(height=image_hwc.shape[0], width=image_hwc.shape[1])
            regions = mode.regions(Annotation(size))
            opened.append((key, np.full(image_hwc.shape[:2], NOTHING, np.uint8), len(regions)))
            yield from (Part(region.place, LazyImage.from_array(image_hwc), region) for region in regions)

    done = 0
    for scored in predictor.predict(parts()):
        key, labels_hw, count = opened[0]
        for band in scored.bands:
            labels_hw[scored.key.slices][band.top : band.top + len(band.labels_hw)] = band.labels_hw
        done += 1
        if done == count:
            opened.popleft()
            done = 0
            yield key, labels_hw


def _closed(done: _Open) -> PartScored[Any]:
    return PartScored(done.part.key, done.bands, done.stitcher.edges(), done.windows, done.skipped)
