"""Logits and true classes of pixels, drawn from all pixels of any number of pictures, each of them as likely."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from kittiseg.project.item import ItemKey
from kittiseg.training.classes import NEUTRAL
from kittiseg.training.inputs import Forward
from kittiseg.training.reading import Chunk, SampleReader


@dataclass(frozen=True)
class PixelSample:
    """``logits_nc``: float32. ``labels_n``: uint8, none neutral. ``ranks_n``: the number in [0, 1) that each has drawn.

    What is kept of many pixels are those that drew the lowest, so that it does not matter which were met first.
    """

    logits_nc: np.ndarray
    labels_n: np.ndarray
    ranks_n: np.ndarray

    @classmethod
    def none(cls, classes: int) -> "PixelSample":
        return cls(np.empty((0, classes), np.float32), np.empty(0, np.uint8), np.empty(0))

    def __len__(self) -> int:
        return len(self.ranks_n)


class SampledChunk(NamedTuple):
    """What was read of some pictures, and the pixels drawn from them."""

    chunk: Chunk
    pixels: PixelSample


class LogitSampler:
    """Applies a network to the validation pictures of a training, and draws at most ``most`` of their pixels.

    A pixel's draw follows from the seed, its picture's name and its place.
    """

    def __init__(self, reader: SampleReader, forward: Forward, *, most: int, seed: int) -> None:
        self._reader, self._forward = reader, forward
        self._most, self._seed = most, seed

    def __call__(self, keys: Sequence[ItemKey]) -> list[SampledChunk]:
        """Of some of the source's pictures, as one. Those that cannot be read are in the chunk's errors."""
        chunk, shards = self._reader.read_chunk(keys, ("val",))
        names = [str(row.name) for row in chunk.rows["val"]]
        found = PixelSample.none(len(self._reader.classes))
        size = self._reader.config.batch_size.val
        for start in range(0, len(names), size):
            samples_nhw4 = torch.from_numpy(shards["val"][start : start + size]).to(self._forward.device)
            with torch.inference_mode():
                logits_nchw, labels_nhw = self._forward(samples_nhw4)
            batch = zip(names[start : start + size], logits_nchw.float().cpu(), labels_nhw.cpu(), strict=True)
            limit = found.ranks_n[-1] if len(found) == self._most else 1.0
            found = lowest([found, *(self._draw(*picture, limit) for picture in batch)], most=self._most)
        return [SampledChunk(chunk, found)]

    def _draw(self, name: str, logits_chw: Tensor, labels_hw: Tensor, limit: float) -> PixelSample:
        """The pixels of a picture that are not neutral and draw less than the limit."""
        digest = hashlib.blake2b(f"{self._seed}/{name}".encode(), digest_size=16).digest()
        ranks_hw = np.random.default_rng(int.from_bytes(digest)).random(labels_hw.shape)
        drawn_hw = (labels_hw.numpy() != NEUTRAL) & (ranks_hw < limit)
        return PixelSample(logits_chw.numpy()[:, drawn_hw].T, labels_hw.numpy()[drawn_hw], ranks_hw[drawn_hw])


def lowest(samples: Sequence[PixelSample], *, most: int) -> PixelSample:
    """Of at least one sample, the ``most`` pixels of the lowest ranks, by rank."""
    ranks_n = np.concatenate([sample.ranks_n for sample in samples])
    order_n = ranks_n.argsort(kind="stable")[:most]
    logits_nc = np.concatenate([sample.logits_nc for sample in samples])
    labels_n = np.concatenate([sample.labels_n for sample in samples])
    return PixelSample(logits_nc[order_n], labels_n[order_n], ranks_n[order_n])
