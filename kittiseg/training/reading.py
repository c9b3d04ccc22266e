"""From the pictures of a source to samples: decoded once, drawn, resized, chunk by chunk."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from threading import Event
from typing import NamedTuple

import cv2
import numpy as np

from kittiseg.config import did_you_mean
from kittiseg.errors import DataError, KittisegError
from kittiseg.project.ahead import map_in_threads
from kittiseg.project.item import Item, ItemKey
from kittiseg.training.classes import ClassIndex
from kittiseg.training.config import EVERY_PICTURE, InputSize, TrainConfig
from kittiseg.training.samples import BOTH, SampleIndex, Samples, Split
from kittiseg.training.sources import Pictures, Source


class Row(NamedTuple):
    """What is known of a sample. ``size``: height and width of its picture, px."""

    name: ItemKey
    counts_c: np.ndarray
    size: tuple[int, int]
    has_object: bool


@dataclass(frozen=True)
class Chunk:
    """What ``read`` pictures gave to each split, what went wrong there, and all tags that were seen.

    ``rows`` are in the order in which the samples lie in the chunk's shard of that split.
    """

    read: int
    rows: dict[Split, list[Row]] = field(default_factory=dict)
    errors: dict[Split, list[str]] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()


Shards = dict[Split, np.ndarray]
"""Of each split that has samples, uint8 (n, h, w, 4)."""


class _Found(NamedTuple):
    """What one picture that was read gave to each split."""

    samples: dict[Split, list[tuple[Row, np.ndarray]]]
    errors: dict[Split, str]
    tags: frozenset[str]


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
        """The samples of some splits in an epoch, in memory, however many threads read them; see :meth:`gather`."""
        chunk, shards = self.read_chunk(self.source.keys, splits, epoch=epoch)
        return {split: Samples(self.gather(split, [chunk], epoch=epoch), {0: shards[split]}) for split in splits}

    def read_chunk(
        self, keys: Sequence[ItemKey], splits: Sequence[Split] = BOTH, *, epoch: int = 0
    ) -> tuple[Chunk, Shards]:
        """What some of the source's pictures give to the splits in an epoch."""
        threads = max(self.source.at_once, *(getattr(self.config.data_workers, split) for split in splits))
        take = partial(self._take, self.source.at(epoch), splits)
        with _one_cv2_thread():
            return self._stacked(splits, list(map_in_threads(take, keys, threads)))

    def gather(self, split: Split, chunks: Sequence[Chunk], *, epoch: int = 0) -> SampleIndex:
        """The index of a split's samples, which lie in one shard for each chunk.

        DataError where the split has no sample, in epoch 0 where it has no object, or where more pictures cannot be
        read than the config allows.
        """
        damaged = [text for chunk in chunks for text in chunk.errors.get(split, ())]
        self._refuse_damaged(split, damaged)
        placed = [
            (row, (shard, place))
            for shard, chunk in enumerate(chunks)
            for place, row in enumerate(chunk.rows.get(split, ()))
        ]
        placed.sort(key=lambda each: each[0].name)
        if not placed:
            self._refuse_empty(split, epoch, sorted(frozenset[str]().union(*(chunk.tags for chunk in chunks))))
        if epoch == 0 and not any(row.has_object for row, _ in placed):
            self._refuse_no_object(split, len(placed))
        return SampleIndex(
            names=tuple(str(row.name) for row, _ in placed),
            places_n2=np.array([place for _, place in placed], np.int32),
            counts_nc=np.array([row.counts_c for row, _ in placed], np.int64),
            sizes_n2=np.array([row.size for row, _ in placed], np.int32),
            left_out=tuple(damaged),
        )

    def _take(self, make: Callable[[ItemKey], Pictures], splits: Sequence[Split], key: ItemKey) -> _Found:
        """A picture whose annotation cannot be read might be any split's."""
        if self.stopped.is_set():
            raise CancelledError
        try:
            pictures = make(key)
        except (KittisegError, OSError) as error:
            return _Found({}, dict.fromkeys(splits, str(error)), frozenset())
        tags = frozenset[str]().union(*(item.annotation.tag_names for _, item in pictures))
        chosen = {split: [each for each in pictures if self._is_in(split, each[1])] for split in splits}
        try:
            samples = {split: [self._sample(name, item) for name, item in chosen[split]] for split in splits}
        except (KittisegError, OSError) as error:
            return _Found({}, {split: str(error) for split in splits if chosen[split]}, tags)
        return _Found(samples, {}, tags)

    def _is_in(self, split: Split, item: Item) -> bool:
        return getattr(self.config.dataset_tags, split) in (EVERY_PICTURE, *item.annotation.tag_names)

    def _sample(self, name: ItemKey, item: Item) -> tuple[Row, np.ndarray]:
        labels_hw = item.annotation.to_label_map(self.classes.index)
        sample_hw4 = resize_pair(item.image.pixels(), labels_hw, self.config.input_size)
        counts_c = np.bincount(sample_hw4[..., 3].ravel(), minlength=len(self.classes))[: len(self.classes)]
        has_object = any(figure.class_name in self.classes.objects for figure in item.annotation.figures)
        return Row(name, counts_c, labels_hw.shape, has_object), sample_hw4

    def _stacked(self, splits: Sequence[Split], found: Sequence[_Found]) -> tuple[Chunk, Shards]:
        """Takes the samples out of what was found as it goes: their pixels are in memory once."""
        size = self.config.input_size
        rows: dict[Split, list[Row]] = {}
        shards: Shards = {}
        for split in splits:
            count = sum(len(each.samples.get(split, ())) for each in found)
            shards[split] = np.empty((count, size.height, size.width, 4), np.uint8)
            rows[split] = list(_moved(shards[split], (each.samples.pop(split, []) for each in found)))
        errors = {split: [each.errors[split] for each in found if split in each.errors] for split in splits}
        return Chunk(len(found), rows, errors, frozenset[str]().union(*(each.tags for each in found))), shards

    def _refuse_empty(self, split: Split, epoch: int, tags: Sequence[str]) -> None:
        tag = getattr(self.config.dataset_tags, split)
        raise DataError(
            f"no readable picture of {self.source.label} has the tag '{tag}' (/dataset_tags/{split})"
            f"{f' with the draws of epoch {epoch + 1}' if epoch else ''}{did_you_mean(tag, tags)}; "
            f"tag some by a query's tag or split layer, or set it to '{EVERY_PICTURE}'"
        )

    def _refuse_no_object(self, split: Split, samples: int) -> None:
        raise DataError(
            f"the {samples} pictures of {self.source.label} with the tag "
            f"'{getattr(self.config.dataset_tags, split)}' have no object of "
            f"{', '.join(sorted(self.classes.objects))}; choose other pictures by /dataset_tags/{split}"
        )

    def _refuse_damaged(self, split: Split, damaged: Sequence[str]) -> None:
        allowed = getattr(self.config.allow_corrupted_samples, split)
        if len(damaged) > allowed:
            listed = "\n".join(f"  {text}" for text in damaged)
            raise DataError(
                f"{len(damaged)} pictures of {self.source.label} cannot be read and {allowed} are allowed; "
                f"mend them, or raise /allow_corrupted_samples/{split}\n{listed}"
            )


def resize_pair(image_hwc: np.ndarray, labels_hw: np.ndarray, to: InputSize) -> np.ndarray:
    """Picture (bilinear) and label map (nearest, by pixel centres) at the network's input size, whatever the aspect.

    Uint8 (h, w, 4): red, green, blue, class index.
    """
    size = (to.width, to.height)
    sample_hw4 = np.empty((to.height, to.width, 4), np.uint8)
    sample_hw4[..., :3] = cv2.resize(image_hwc, size, interpolation=cv2.INTER_LINEAR)
    sample_hw4[..., 3] = cv2.resize(labels_hw, size, interpolation=cv2.INTER_NEAREST_EXACT)
    return sample_hw4


def _moved(shard_nhw4: np.ndarray, found: Iterable[list[tuple[Row, np.ndarray]]]) -> Iterator[Row]:
    """Moves the samples' pixels into the shard, and gives their rows."""
    place = 0
    for samples in found:
        for row, sample_hw4 in samples:
            shard_nhw4[place] = sample_hw4
            place += 1
            yield row
        samples.clear()


@contextmanager
def _one_cv2_thread() -> Iterator[None]:
    """Our own threads share out the pictures; OpenCV's would only get into their way."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
