"""The pictures of a training, read once into memory: resized pictures and label maps as uint8."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeVar

import cv2
import numpy as np

from kittiseg.config import did_you_mean
from kittiseg.errors import DataError, KittisegError
from kittiseg.project.annotation import Annotation
from kittiseg.project.item import ItemKey
from kittiseg.project.store import Project
from kittiseg.training.classes import NEUTRAL, ClassIndex
from kittiseg.training.config import EVERY_PICTURE, InputSize, TrainConfig

T = TypeVar("T")
R = TypeVar("R")
Split = Literal["train", "val"]


@dataclass(frozen=True)
class Samples:
    """``images_nhwc`` RGB and ``labels_nhw`` class indices (255 is neutral), uint8, of the network's input size.

    ``left_out`` says of each picture that could not be read why it is missing.
    """

    images_nhwc: np.ndarray
    labels_nhw: np.ndarray
    names: tuple[str, ...]
    left_out: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def pixels_n(self) -> np.ndarray:
        """How many pixels of each picture are not neutral."""
        return np.array([np.count_nonzero(labels_hw != NEUTRAL) for labels_hw in self.labels_nhw], np.int64)

    @cached_property
    def digest(self) -> str:
        """Changes with the names and their order."""
        return hashlib.blake2b("\n".join(self.names).encode(), digest_size=8).hexdigest()


def read_samples(project: Project, config: TrainConfig, classes: ClassIndex) -> dict[Split, Samples]:
    """The pictures of both splits, in the project's order.

    DataError where a split has no picture or no object, or more unreadable pictures than the config allows.
    """
    reader = _Reader(project, config, classes)
    threads = max(config.data_workers.train, config.data_workers.val)
    with _one_cv2_thread():
        found = _map(reader.annotation, project.keys(), threads=threads)
        return {"train": reader.split("train", found), "val": reader.split("val", found)}


def resize_pair(image_hwc: np.ndarray, labels_hw: np.ndarray, to: InputSize) -> tuple[np.ndarray, np.ndarray]:
    """Picture (bilinear) and label map (nearest, by pixel centres) at the network's input size, whatever the aspect."""
    size = (to.width, to.height)
    return (
        cv2.resize(image_hwc, size, interpolation=cv2.INTER_LINEAR),
        cv2.resize(labels_hw, size, interpolation=cv2.INTER_NEAREST_EXACT),
    )


@dataclass(frozen=True)
class _Reader:
    project: Project
    config: TrainConfig
    classes: ClassIndex

    def annotation(self, key: ItemKey) -> tuple[ItemKey, Annotation | str]:
        """The annotation, or what is wrong with it."""
        try:
            return key, self.project.annotation(key)
        except (KittisegError, OSError) as error:
            return key, str(error)

    def split(self, split: Split, found: Sequence[tuple[ItemKey, Annotation | str]]) -> Samples:
        """The pictures with the split's tag; one whose annotation is unreadable may be any split's."""
        tag = getattr(self.config.dataset_tags, split)
        read = [(key, known) for key, known in found if isinstance(known, Annotation)]
        chosen = [(key, known) for key, known in read if tag in (EVERY_PICTURE, *known.tag_names)]
        damaged = [known for _, known in found if isinstance(known, str)]
        if chosen:
            samples = self._pixels(split, chosen)
            damaged += samples.left_out
        self._refuse(split, damaged)
        if not chosen or not len(samples):
            tags = sorted({name for _, known in read for name in known.tag_names})
            raise DataError(
                f"no readable picture of project '{self.project.name}' has the tag '{tag}' "
                f"(/dataset_tags/{split}){did_you_mean(tag, tags)}; "
                f"tag some by a query's tag layer, or set it to '{EVERY_PICTURE}'"
            )
        if not any(figure.class_name in self.classes.objects for _, known in chosen for figure in known.figures):
            raise DataError(
                f"the {len(chosen)} pictures of project '{self.project.name}' with the tag '{tag}' have no object of "
                f"{', '.join(sorted(self.classes.objects))}; choose other pictures by /dataset_tags/{split}"
            )
        return Samples(samples.images_nhwc, samples.labels_nhw, samples.names, tuple(damaged))

    def _pixels(self, split: Split, chosen: Sequence[tuple[ItemKey, Annotation]]) -> Samples:
        size = self.config.input_size
        images_nhwc = np.empty((len(chosen), size.height, size.width, 3), np.uint8)
        labels_nhw = np.empty((len(chosen), size.height, size.width), np.uint8)

        def load(place: int) -> str:
            """Fills one row; gives what went wrong, or nothing."""
            key, annotation = chosen[place]
            try:
                image_hwc = self.project.item(key).image.pixels()
                labels_hw = annotation.to_label_map(self.classes.index)
            except (KittisegError, OSError) as error:
                return str(error)
            images_nhwc[place], labels_nhw[place] = resize_pair(image_hwc, labels_hw, size)
            return ""

        wrong = _map(load, range(len(chosen)), threads=getattr(self.config.data_workers, split))
        if not any(wrong):
            return Samples(images_nhwc, labels_nhw, tuple(str(key) for key, _ in chosen))
        kept = [place for place, text in enumerate(wrong) if not text]
        names = tuple(str(chosen[place][0]) for place in kept)
        return Samples(images_nhwc[kept], labels_nhw[kept], names, tuple(filter(None, wrong)))

    def _refuse(self, split: Split, damaged: list[str]) -> None:
        allowed = getattr(self.config.allow_corrupted_samples, split)
        if len(damaged) > allowed:
            listed = "\n".join(f"  {text}" for text in damaged)
            raise DataError(
                f"{len(damaged)} pictures of project '{self.project.name}' cannot be read and {allowed} are allowed; "
                f"mend them, or raise /allow_corrupted_samples/{split}\n{listed}"
            )


def _map(function: Callable[[T], R], tasks: Sequence[T], *, threads: int) -> list[R]:
    if threads == 0:
        return [function(task) for task in tasks]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(function, tasks))


@contextmanager
def _one_cv2_thread() -> Iterator[None]:
    """Our own threads share out the pictures; OpenCV's would only get into their way."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
