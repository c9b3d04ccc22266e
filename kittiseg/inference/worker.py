"""One worker's share of a prediction: reading ahead, computing and writing behind, each in a thread of its own."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from kittiseg.errors import KittisegError
from kittiseg.inference.outputs import Outputs
from kittiseg.inference.predictor import Predictor
from kittiseg.inference.scored import Band, InMemory
from kittiseg.project.annotation import Annotation
from kittiseg.project.geometry import Window
from kittiseg.project.item import ItemKey
from kittiseg.project.pixels import LazyImage
from kittiseg.project.store import Draft, Project

T = TypeVar("T")
R = TypeVar("R")

AHEAD = 3  # pictures read but not begun, and pictures done but not written
CHUNK = 4
"""Pictures that a worker takes at a time. Windows share batches within a chunk, so it must not follow the workers."""


@dataclass(frozen=True, slots=True)
class PredictedPicture:
    """What became of one picture. ``seconds``: computing time since the one before it was done."""

    key: ItemKey
    error: str | None = None
    windows: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Read:
    """A picture as it was read; ``error`` instead where it could not be."""

    key: ItemKey
    picture: bytes = b""
    annotation: Annotation | None = None
    image_hwc: np.ndarray | None = None
    error: str | None = None


class PredictionWorker:
    """Predicts the pictures of a project, chunk after chunk, and writes them into a draft.

    The data sets' folders must be there (``Draft.add_dataset``). A chunk can be done again: its files are replaced.
    Batches do not reach over chunks, so what is written depends on the chunk alone, not on who does it.
    """

    def __init__(self, predictor: Predictor, outputs: Outputs, *, project: Project, draft: Draft) -> None:
        self._predictor = predictor
        self._outputs = outputs
        self._project = project
        self._draft = draft

    def __call__(self, keys: Sequence[ItemKey]) -> list[PredictedPicture]:
        """One row per key, in their order. A picture that cannot be read is a row with an error; the others go on."""
        rows: dict[ItemKey, PredictedPicture] = {}
        with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(1) as writer:
            pictures = self._readable(map_ahead(self._read, keys, reader, ahead=AHEAD), rows)
            for row in map_ahead(self._write, self._predicted(pictures), writer, ahead=AHEAD):
                rows[row.key] = row
        return [rows[key] for key in keys]

    def _read(self, key: ItemKey) -> _Read:
        try:
            annotation = self._project.annotation(key)
            picture = self._project.picture_bytes(key)
            image_hwc = LazyImage.from_file(annotation.image, lambda: picture, name=str(key)).pixels()
        except (KittisegError, OSError) as error:
            return _Read(key, error=str(error))
        return _Read(key, picture, annotation, image_hwc)

    def _readable(
        self, pictures: Iterable[_Read], rows: dict[ItemKey, PredictedPicture]
    ) -> Iterator[tuple[_Read, np.ndarray]]:
        for read in pictures:
            if read.image_hwc is None:
                rows[read.key] = PredictedPicture(read.key, error=read.error)
            else:
                yield read, read.image_hwc

    def _predicted(self, pictures: Iterable[tuple[_Read, np.ndarray]]) -> Iterator[tuple[_Read, np.ndarray, float]]:
        start = time.perf_counter()
        for read, labels_hw in self._predictor.predict(pictures):
            done = time.perf_counter()
            yield read, labels_hw, done - start
            start = done

    def _write(self, done: tuple[_Read, np.ndarray, float]) -> PredictedPicture:
        read, labels_hw, seconds = done
        assert read.annotation is not None
        mode, size = self._predictor.mode, read.annotation.image
        scored = InMemory(size, (Band(0, labels_hw),))
        annotation = self._outputs.annotate(read.annotation, [(Window.whole(size), scored)], mode.rectangles(size))
        self._draft.write(read.key.dataset, read.key.name, picture=read.picture, annotation=annotation)
        return PredictedPicture(read.key, windows=len(mode.layout(size).windows), seconds=seconds)


def chunks_of(keys: Sequence[ItemKey]) -> list[list[ItemKey]]:
    """The pictures in parts of :data:`CHUNK`; the last may be smaller."""
    return [list(keys[start : start + CHUNK]) for start in range(0, len(keys), CHUNK)]


def map_ahead(function: Callable[[T], R], values: Iterable[T], pool: ThreadPoolExecutor, *, ahead: int) -> Iterator[R]:
    """``map`` in a pool, in order: ``values`` are taken here, and up to ``ahead`` results wait to be fetched."""
    pending: deque[Future[R]] = deque()
    for value in values:
        pending.append(pool.submit(function, value))
        if len(pending) > ahead:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()
