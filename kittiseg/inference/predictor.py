"""Pictures in, labels and probabilities out, through any function from windows to class scores."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

import numpy as np

from kittiseg.inference.modes import Mode
from kittiseg.inference.parts import OpenPart, Part, PartScored, WaitingWindow
from kittiseg.inference.scored import NOTHING
from kittiseg.inference.skip import SHOW_ALL, Sieve, is_plain
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


class Predictor:
    """Applies ``forward`` to pictures, in a thread of its own: meanwhile the next windows are cut, the last added up.

    A batch takes ``batch_size`` windows of one size, of one part or of several; only the last ones may be smaller. The
    scores of a part are added in the order of its grid, whatever the batches. One batch is computed while another is
    filled, so at most twice ``batch_size`` + 1 parts are open at a time.
    """

    def __init__(self, forward: Forward, *, classes: int, batch_size: int, probabilities: bool = False) -> None:
        self.classes = classes
        self.probabilities = probabilities
        self.batch_size = batch_size
        self._forward = forward
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="forward")  # always the same: it may hold CUDA graphs

    def predict(self, parts: Iterable[Part[K]]) -> Iterator[PartScored[K]]:
        """Each part's scores under its key, in the order of the parts."""
        return _Prediction(self).run(parts)

    def begin(self, windows_nhwc: np.ndarray, input_size: Size | None) -> "Future[Scores]":
        """The scores of windows, which are computed meanwhile."""
        return self._thread.submit(self._forward, windows_nhwc, input_size)


Queue = list[tuple[WaitingWindow, np.ndarray]]
"""Windows of one size that the network is to see at one size, with their pixels, RGB (h, w, 3)."""


class _Prediction:
    """The windows that wait for a full batch, by size, and the batches that are computed, at most two."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._opened: deque[OpenPart] = deque()
        self._queues: dict[tuple[Size, Size | None], Queue] = {}
        self._running: deque[tuple[list[WaitingWindow], Future[Scores]]] = deque()

    def run(self, parts: Iterable[Part[Any]]) -> Iterator[PartScored[Any]]:
        opened = self._opened
        for part in parts:
            self._open(part)
            self._queue_grids()
            while len(opened) > 2 * self._predictor.batch_size and not opened[0].complete:
                self._advance()
            while opened and opened[0].complete:
                yield opened.popleft().scored()
        while opened:
            while not opened[0].complete:
                self._advance()
            yield opened.popleft().scored()

    def _open(self, part: Part[Any]) -> None:
        """Queues the windows of the first pass over a part, if there is one."""
        opened = OpenPart(part, classes=self._predictor.classes, probabilities=self._predictor.probabilities)
        self._opened.append(opened)
        glance = opened.glance
        if glance is None:
            return
        for cell in glance.cells(window for window in opened.grid_windows() if not opened.is_outside(window)):
            pixels_hwc = glance.cut(part.image, cell)
            if not (part.sieve.plain and is_plain(pixels_hwc)):
                self._queue(opened.show(cell), glance.reduced(pixels_hwc))

    def _queue_grids(self) -> None:
        """Queues the windows of the parts whose first pass is over; that may end the first pass of others."""
        while ready := next((part for part in self._opened if part.to_queue and part.is_looked_over), None):
            ready.to_queue = False
            for window in ready.grid_windows():
                self._queue_or_skip(ready, window)

    def _queue_or_skip(self, opened: OpenPart, window: Window) -> None:
        part, pixels_hwc = opened.part, None
        if opened.is_outside(window):
            opened.skip(None)
            return
        if part.sieve.plain:
            pixels_hwc = part.region.cut(part.image, window)
            if is_plain(pixels_hwc):
                opened.skip(None)
                return
        if opened.glance is not None and opened.glance.is_enough(window):
            opened.skip(window)
            return
        self._queue(opened.show(), part.region.cut(part.image, window) if pixels_hwc is None else pixels_hwc)

    def _queue(self, waiting: WaitingWindow, pixels_hwc: np.ndarray) -> None:
        queue = self._queue_of(waiting.part)
        queue.append((waiting, pixels_hwc))
        if len(queue) == self._predictor.batch_size:
            self._begin(queue)

    def _queue_of(self, opened: OpenPart) -> Queue:
        region = opened.part.region
        return self._queues.setdefault((region.grid.window, region.input_size), [])

    def _begin(self, queue: Queue) -> None:
        """Computes the windows of a queue and empties it; meanwhile adds up the batch before."""
        batch = [waiting for waiting, _ in queue]
        windows_nhwc = np.stack([pixels_hwc for _, pixels_hwc in queue])
        queue.clear()
        self._running.append((batch, self._predictor.begin(windows_nhwc, batch[0].part.part.region.input_size)))
        if len(self._running) > 1:
            self._add_scores()

    def _advance(self) -> None:
        """Ends the oldest batch, or begins one that is not full: the first part shall not wait for many sizes."""
        if not self._running:
            self._begin(self._queue_of(self._opened[0]))
        else:
            self._add_scores()
            self._queue_grids()

    def _add_scores(self) -> None:
        """Waits for the oldest batch."""
        batch, future = self._running.popleft()
        scores_nchw, window = future.result(), batch[0].part.part.region.grid.window
        wanted = (len(batch), self._predictor.classes, window.height, window.width)
        if scores_nchw.shape != wanted:
            raise ValueError(f"forward gave scores of shape {scores_nchw.shape}; wanted {wanted} (n, c, h, w)")
        for waiting, scores_chw in zip(batch, scores_nchw, strict=True):
            waiting.part.add(waiting, scores_chw)


def label_maps(
    predictor: Predictor,
    mode: Mode,
    images: Iterable[tuple[K, np.ndarray]],
    *,
    sieve_of: Callable[[K], Sieve] = lambda _: SHOW_ALL,
) -> Iterator[tuple[K, np.ndarray]]:
    """For each picture, RGB uint8 (h, w, 3), under its key, in their order: class indices, uint8 (h, w).

    What the mode does not look at is :data:`~kittiseg.inference.scored.NOTHING`; pictures have no objects here.
    ``sieve_of`` says of a picture's key which windows are skipped.
    """
    opened: deque[tuple[K, np.ndarray, int]] = deque()

    def parts() -> Iterator[Part[Window]]:
        for key, image_hwc in images:
            size = Size(height=image_hwc.shape[0], width=image_hwc.shape[1])
            regions = mode.regions(Annotation(size))
            opened.append((key, np.full(image_hwc.shape[:2], NOTHING, np.uint8), len(regions)))
            image, sieve = LazyImage.from_array(image_hwc), sieve_of(key)
            yield from (Part(region.place, image, region, sieve=sieve) for region in regions)

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
