"""Pictures in, label maps out, through any function from windows to class scores."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from kittiseg.inference.modes import Mode
from kittiseg.inference.tiling import Stitcher, pad_to_window
from kittiseg.project.geometry import Size, Window

K = TypeVar("K")

Forward = Callable[[np.ndarray], np.ndarray]
"""RGB uint8 windows (n, h, w, 3) -> scores of the classes float32 (n, c, h, w), the higher the likelier."""


@dataclass(slots=True)
class _Open:
    """A picture that waits for the scores of some of its windows."""

    key: Any
    canvas_hwc: np.ndarray
    inner: Window
    stitcher: Stitcher

    def labels(self) -> np.ndarray:
        return np.ascontiguousarray(self.stitcher.labels()[self.inner.slices])


_Queue = list[tuple[_Open, Window]]


class Predictor:
    """Applies ``forward`` to pictures as ``mode`` says. At most ``batch_size`` + 1 pictures are open at a time.

    A batch takes ``batch_size`` windows of one size, of one picture or of several; only the last ones may be smaller.
    The scores of a picture are added in the order of its layout, whatever the batches.
    """

    def __init__(self, forward: Forward, mode: Mode, *, classes: int, batch_size: int) -> None:
        self.mode = mode
        self._forward = forward
        self._classes = classes
        self._batch_size = batch_size

    def predict(self, images: Iterable[tuple[K, np.ndarray]]) -> Iterator[tuple[K, np.ndarray]]:
        """For each picture (RGB uint8 (h, w, 3)) under its key, in their order: class indices, uint8 (h, w)."""
        opened: deque[_Open] = deque()
        queues: dict[Size, _Queue] = {}
        for key, image_hwc in images:
            for queue in self._open(key, image_hwc, opened, queues):
                self._run(queue)
            if len(opened) > self._batch_size:  # pictures of many sizes: do not let the first wait for one of its size
                for queue in queues.values():
                    if any(picture is opened[0] for picture, _ in queue):
                        self._run(queue)
            while opened and opened[0].stitcher.complete:
                picture = opened.popleft()
                yield picture.key, picture.labels()
        for queue in queues.values():
            self._run(queue)
        yield from ((picture.key, picture.labels()) for picture in opened)

    def _open(
        self, key: Any, image_hwc: np.ndarray, opened: deque[_Open], queues: dict[Size, _Queue]
    ) -> Iterator[_Queue]:
        """Queues the windows of a picture; gives each queue that has become full."""
        layout = self.mode.layout(Size(height=image_hwc.shape[0], width=image_hwc.shape[1]))
        canvas_hwc, inner = pad_to_window(image_hwc, layout.canvas)
        picture = _Open(key, canvas_hwc, inner, Stitcher(layout.windows, layout.canvas, classes=self._classes))
        opened.append(picture)
        for window in layout.windows:
            queue = queues.setdefault(window.size, [])
            queue.append((picture, window))
            if len(queue) == self._batch_size:
                yield queue

    def _run(self, queue: _Queue) -> None:
        """Scores the windows of a queue and empties it."""
        if not queue:
            return
        scores_nchw = self._forward(np.stack([picture.canvas_hwc[window.slices] for picture, window in queue]))
        _, first = queue[0]
        wanted = (len(queue), self._classes, first.height, first.width)
        if scores_nchw.shape != wanted:
            raise ValueError(f"forward gave scores of shape {scores_nchw.shape}; wanted {wanted} (n, c, h, w)")
        for (picture, window), scores_chw in zip(queue, scores_nchw, strict=True):
            picture.stitcher.add(window, scores_chw)
        queue.clear()
