"""Pictures in, labels and probabilities out, through any function from windows to class scores."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from kittiseg.inference.modes import Mode
from kittiseg.inference.regions import Region
from kittiseg.inference.scored import NOTHING, Band
from kittiseg.inference.stitching import Edges, Stitcher, finish
from kittiseg.project.annotation import Annotation
from kittiseg.project.geometry import Size, Window
from kittiseg.project.pixels import LazyImage

K = TypeVar("K")


class Forward(Protocol):
    """A network, or what stands for one."""

    def __call__(self, windows_nhwc: np.ndarray, input_size: Size | None = None, /) -> np.ndarray:
        """RGB uint8 windows (n, h, w, 3) -> scores of the classes float32 (n, c, h, w), the higher the likelier.

        ``input_size``: what the network should see them at; None for its own choice.
        """


@dataclass(frozen=True, slots=True)
class Part(Generic[K]):
    """Some rows of windows of a region of a picture; ``rows`` None for all of them."""

    key: K
    image: LazyImage
    region: Region
    rows: range | None = None


@dataclass(frozen=True, slots=True)
class PartScored(Generic[K]):
    """What was found on a part: the rows that no other part touches, from the top, and what the seams need."""

    key: K
    bands: list[Band]
    edges: Edges


@dataclass(slots=True)
class _Open:
    """A part that waits for the scores of some of its windows."""

    part: Part[Any]
    stitcher: Stitcher
    bands: list[Band]


_Queue = list[tuple[_Open, Window]]


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
        queues: dict[tuple[Size, Size | None], _Queue] = {}
        for part in parts:
            for queue in self._open(part, opened, queues):
                self._run(queue)
            if len(opened) > self._batch_size:  # many sizes: do not let the first wait for a window of its size
                for queue in queues.values():
                    if any(waiting is opened[0] for waiting, _ in queue):
                        self._run(queue)
            while opened and opened[0].stitcher.complete:
                yield _closed(opened.popleft())
        for queue in queues.values():
            self._run(queue)
        while opened:
            yield _closed(opened.popleft())

    def _open(
        self, part: Part[Any], opened: deque[_Open], queues: dict[tuple[Size, Size | None], _Queue]
    ) -> Iterator[_Queue]:
        """Queues the windows of a part; gives each queue that has become full."""
        region, grid = part.region, part.region.grid
        rows = range(len(grid.rows.starts)) if part.rows is None else part.rows
        waiting = _Open(part, Stitcher(grid, classes=self.classes, rows=rows), [])
        opened.append(waiting)
        queue = queues.setdefault((grid.window, region.input_size), [])
        for row in rows:
            for column in range(grid.per_row):
                queue.append((waiting, grid.at(row, column)))
                if len(queue) == self._batch_size:
                    yield queue

    def _run(self, queue: _Queue) -> None:
        """Scores the windows of a queue and empties it."""
        if not queue:
            return
        windows_nhwc = np.stack([waiting.part.region.cut(waiting.part.image, window) for waiting, window in queue])
        first = queue[0][0].part.region
        scores_nchw = self._forward(windows_nhwc, first.input_size)
        wanted = (len(queue), self.classes, first.grid.window.height, first.grid.window.width)
        if scores_nchw.shape != wanted:
            raise ValueError(f"forward gave scores of shape {scores_nchw.shape}; wanted {wanted} (n, c, h, w)")
        for (waiting, _), scores_chw in zip(queue, scores_nchw, strict=True):
            waiting.stitcher.add(scores_chw)
            for sums in waiting.stitcher.take():
                waiting.bands += finish(
                    waiting.part.region, sums, classes=self.classes, probabilities=self.probabilities
                )
        queue.clear()


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
    return PartScored(done.part.key, done.bands, done.stitcher.edges())
