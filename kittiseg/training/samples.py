"""The pictures of a training in memory: resized pictures and label maps as uint8."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from threading import Event
from typing import Literal, NamedTuple

import cv2
import numpy as np

from kittiseg.config import did_you_mean
from kittiseg.errors import DataError, KittisegError
from kittiseg.project.item import Item, ItemKey
from kittiseg.training.classes import NEUTRAL, ClassIndex
from kittiseg.training.config import EVERY_PICTURE, InputSize, TrainConfig
from kittiseg.training.sources import Pictures, Source

Split = Literal["train", "val"]
BOTH: tuple[Split, Split] = ("train", "val")


@dataclass(frozen=True)
class Samples:
    """``images_nhwc`` RGB and ``labels_nhw`` class indices (255 is neutral), uint8, of the network's input size.

    ``left_out`` says of each picture that could not be read why it is missing. ``sizes_n2``: height and width of each
    picture before it was resized, int32 px.
    """

    images_nhwc: np.ndarray
    labels_nhw: np.ndarray
    names: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    sizes_n2: np.ndarray = field(default_factory=lambda: np.empty((0, 2), np.int32))

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


def resize_pair(image_hwc: np.ndarray, labels_hw: np.ndarray, to: InputSize) -> tuple[np.ndarray, np.ndarray]:
    """Picture (bilinear) and label map (nearest, by pixel centres) at the network's input size, whatever the aspect."""
    size = (to.width, to.height)
    return (
        cv2.resize(image_hwc, size, interpolation=cv2.INTER_LINEAR),
        cv2.resize(labels_hw, size, interpolation=cv2.INTER_NEAREST_EXACT),
    )


class _Sample(NamedTuple):
    name: ItemKey
    image_hwc: np.ndarray
    labels_hw: np.ndarray
    has_object: bool
    size: tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Found:
    """What one picture that was read gave to each split, or what went wrong for a split; all tags that were seen."""

    samples: dict[Split, list[_Sample]] = field(default_factory=dict)
    errors: dict[Split, str] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True)
class SampleReader:
    """Reads the pictures of a training; each file is decoded once an epoch, for all that a query makes of it.

    Where ``stopped`` is set, reading ends with CancelledError.
    """

    source: Source
    config: TrainConfig
    classes: ClassIndex
    stopped: Event = field(default_factory=Event)

    def read(self, splits: Sequence[Split] = BOTH, *, epoch: int = 0) -> dict[Split, Samples]:
        """The pictures of some splits in an epoch, by data set and name, however many threads read them.

        DataError where a split has no picture, in epoch 0 where it has no object, or where more pictures cannot be
        read than the config allows.
        """
        threads = max(getattr(self.config.data_workers, split) for split in splits)
        take = partial(self._take, self.source.at(epoch), splits)
        with _one_cv2_thread():
            if threads:
                with ThreadPoolExecutor(threads) as pool:
                    found = list(pool.map(take, self.source.keys))
            else:
                found = list(map(take, self.source.keys))
        return {split: self._gather(split, found, epoch) for split in splits}

    def _take(self, make: Callable[[ItemKey], Pictures], splits: Sequence[Split], key: ItemKey) -> _Found:
        """A picture whose annotation cannot be read might be any split's."""
        if self.stopped.is_set():
            raise CancelledError
        try:
            pictures = make(key)
        except (KittisegError, OSError) as error:
            return _Found(errors=dict.fromkeys(splits, str(error)))
        tags = frozenset[str]().union(*(item.annotation.tag_names for _, item in pictures))
        chosen = {split: [each for each in pictures if self._is_in(split, each[1])] for split in splits}
        try:
            samples = {split: [self._sample(name, item) for name, item in chosen[split]] for split in splits}
        except (KittisegError, OSError) as error:
            return _Found(errors={split: str(error) for split in splits if chosen[split]}, tags=tags)
        return _Found(samples, tags=tags)

    def _is_in(self, split: Split, item: Item) -> bool:
        return getattr(self.config.dataset_tags, split) in (EVERY_PICTURE, *item.annotation.tag_names)

    def _sample(self, name: ItemKey, item: Item) -> _Sample:
        labels_hw = item.annotation.to_label_map(self.classes.index)
        pair = resize_pair(item.image.pixels(), labels_hw, self.config.input_size)
        has_object = any(figure.class_name in self.classes.objects for figure in item.annotation.figures)
        return _Sample(name, *pair, has_object, (labels_hw.shape[0], labels_hw.shape[1]))

    def _gather(self, split: Split, found: Sequence[_Found], epoch: int) -> Samples:
        damaged = [each.errors[split] for each in found if split in each.errors]
        self._refuse_damaged(split, damaged)
        samples = sorted((one for each in found for one in each.samples.get(split, ())), key=lambda one: one.name)
        for each in found:
            each.samples.pop(split, None)
        if not samples:
            self._refuse_empty(split, epoch, sorted(frozenset[str]().union(*(each.tags for each in found))))
        if epoch == 0 and not any(sample.has_object for sample in samples):
            raise DataError(
                f"the {len(samples)} pictures of {self.source.label} with the tag "
                f"'{getattr(self.config.dataset_tags, split)}' have no object of "
                f"{', '.join(sorted(self.classes.objects))}; choose other pictures by /dataset_tags/{split}"
            )
        return _stack(samples, self.config.input_size, tuple(damaged))

    def _refuse_empty(self, split: Split, epoch: int, tags: Sequence[str]) -> None:
        tag = getattr(self.config.dataset_tags, split)
        raise DataError(
            f"no readable picture of {self.source.label} has the tag '{tag}' (/dataset_tags/{split})"
            f"{f' with the draws of epoch {epoch + 1}' if epoch else ''}{did_you_mean(tag, tags)}; "
            f"tag some by a query's tag or split layer, or set it to '{EVERY_PICTURE}'"
        )

    def _refuse_damaged(self, split: Split, damaged: Sequence[str]) -> None:
        allowed = getattr(self.config.allow_corrupted_samples, split)
        if len(damaged) > allowed:
            listed = "\n".join(f"  {text}" for text in damaged)
            raise DataError(
                f"{len(damaged)} pictures of {self.source.label} cannot be read and {allowed} are allowed; "
                f"mend them, or raise /allow_corrupted_samples/{split}\n{listed}"
            )


def _stack(samples: list[_Sample], size: InputSize, left_out: tuple[str, ...]) -> Samples:
    """Empties the list as it goes: a picture is in memory once."""
    names = tuple(str(sample.name) for sample in samples)
    sizes_n2 = np.array([sample.size for sample in samples], np.int32).reshape(-1, 2)
    images_nhwc = np.empty((len(samples), size.height, size.width, 3), np.uint8)
    labels_nhw = np.empty((len(samples), size.height, size.width), np.uint8)
    while samples:
        sample = samples.pop()
        images_nhwc[len(samples)], labels_nhw[len(samples)] = sample.image_hwc, sample.labels_hw
    return Samples(images_nhwc, labels_nhw, names, left_out, sizes_n2)


@contextmanager
def _one_cv2_thread() -> Iterator[None]:
    """Our own threads share out the pictures; OpenCV's would only get into their way."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
