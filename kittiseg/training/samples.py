"""The pictures of a training, resized to the network's input: what is known of them, and where their pixels lie."""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

Split = Literal["train", "val"]
BOTH: tuple[Split, Split] = ("train", "val")


@dataclass(frozen=True)
class SampleIndex:
    """All that is known of the samples but their pixels, in the order of their names.

    ``places_n2``: shard and row, int32. ``counts_nc``: pixels of each class, int64; neutral ones are of none.
    ``sizes_n2``: height and width of the picture before it was resized, int32. ``left_out`` says of each picture that
    could not be read why it is missing.
    """

    names: tuple[str, ...]
    places_n2: np.ndarray
    counts_nc: np.ndarray
    sizes_n2: np.ndarray
    left_out: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def pixels_n(self) -> np.ndarray:
        """How many pixels of each sample are not neutral."""
        return self.counts_nc.sum(1)

    @cached_property
    def digest(self) -> str:
        """Changes with the names and their order."""
        return hashlib.blake2b("\n".join(self.names).encode(), digest_size=8).hexdigest()

    def to_bytes(self) -> bytes:
        """As an ``.npz`` file without pickles."""
        stream = io.BytesIO()
        np.savez(
            stream,
            names=np.array(self.names, np.str_),
            places_n2=self.places_n2,
            counts_nc=self.counts_nc,
            sizes_n2=self.sizes_n2,
            left_out=np.array(self.left_out, np.str_),
        )
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "SampleIndex":
        with np.load(io.BytesIO(data)) as found:
            texts = {name: tuple(found[name].tolist()) for name in ("names", "left_out")}
            return cls(texts["names"], found["places_n2"], found["counts_nc"], found["sizes_n2"], texts["left_out"])


@dataclass(frozen=True)
class Samples:
    """Samples with their pixels. ``shards``: by number, uint8 (n, h, w, 4): red, green, blue, class index.

    Class index 255 is neutral. A shard is an array in memory or a mapped file, so samples may be larger than memory.
    """

    index: SampleIndex
    shards: Mapping[int, np.ndarray] = field(repr=False)

    def __len__(self) -> int:
        return len(self.index)

    @property
    def bytes(self) -> int:
        return sum(shard.nbytes for shard in self.shards.values())

    def take(self, indices: np.ndarray) -> np.ndarray:
        """The samples of these indices, uint8 (n, h, w, 4), as an array of its own."""
        height, width = next(iter(self.shards.values())).shape[1:3]
        taken_nhw4 = np.empty((len(indices), height, width, 4), np.uint8)
        for sample_hw4, (shard, row) in zip(taken_nhw4, self.index.places_n2[indices], strict=True):
            sample_hw4[...] = self.shards[shard][row]
        return taken_nhw4
