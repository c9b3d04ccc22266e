"""Samples as files: written once, in parallel, and mapped by every worker, so that a machine holds them once."""

import getpass
import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from filelock import FileLock

from kittiseg.project.item import ItemKey
from kittiseg.project.store import Files
from kittiseg.training.classes import ClassIndex
from kittiseg.training.config import TrainConfig
from kittiseg.training.reading import Chunk, SampleReader
from kittiseg.training.samples import BOTH, SampleIndex, Samples, Split
from kittiseg.training.sources import Source

_CHUNK = 32
_MOST_CHUNKS = 1000  # a process may map some ten thousand files


class Map(Protocol):
    """``map`` of one argument, here or over many processes."""

    def __call__(self, function: Callable[[Any], Any], tasks: Sequence[Any], /) -> Iterator[Any]: ...


@dataclass(frozen=True)
class WriteChunk:
    """Reads some of the source's pictures and writes their samples, those of each split as a file."""

    source: Source
    config: TrainConfig
    classes: ClassIndex
    files: Files

    def __call__(self, task: tuple[int, Sequence[ItemKey]]) -> Chunk:
        number, keys = task
        chunk, shards = SampleReader(self.source, self.config, self.classes).read_chunk(keys)
        for split, shard_nhw4 in shards.items():
            if len(shard_nhw4):
                stream = io.BytesIO()
                np.save(stream, shard_nhw4)
                self.files.write(_shard_name(split, number), stream.getvalue())
        return chunk


def write_samples(
    source: Source, config: TrainConfig, classes: ClassIndex, files: Files, *, mapped: Map = map
) -> dict[Split, SampleIndex]:
    """Writes the samples of epoch 0 into an empty folder; DataError as :meth:`SampleReader.gather` has it."""
    files.make_folder("")
    size = max(_CHUNK, -(-len(source.keys) // _MOST_CHUNKS))
    tasks = [
        (number, source.keys[start : start + size]) for number, start in enumerate(range(0, len(source.keys), size))
    ]
    chunks = list(mapped(WriteChunk(source, config, classes, files), tasks))
    reader = SampleReader(source, config, classes)
    found = {split: reader.gather(split, chunks) for split in BOTH}
    for split, index in found.items():
        files.write(f"{split}.npz", index.to_bytes())
    return found


def open_samples(files: Files, split: Split) -> Samples:
    """The samples that :func:`write_samples` wrote. Nothing is read of them but the index."""
    index = SampleIndex.from_bytes(files.read(f"{split}.npz"))
    numbers = np.unique(index.places_n2[:, 0]).tolist()
    folder = _local_folder(files, [_shard_name(split, number) for number in numbers])
    shards = {number: np.load(folder / _shard_name(split, number), mmap_mode="r") for number in numbers}
    return Samples(index, shards)


def forget_local(files: Files) -> None:
    """Removes what of the samples was fetched to this machine; who has it open may go on reading it."""
    if not files.is_local:
        shutil.rmtree(_fetched(files), ignore_errors=True)


def _shard_name(split: Split, number: int) -> str:
    return f"{split}-{number:05d}.npy"


def _local_folder(files: Files, names: Sequence[str]) -> Path:
    """Where the files lie on this machine: fetched once for all its workers, where the workspace is elsewhere."""
    if files.is_local:
        return Path(files.root)
    folder = _fetched(files)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with FileLock(folder / "lock"):
        for name in names:
            _fetch(files, name, folder / name)
    return folder


def _fetch(files: Files, name: str, copy: Path) -> None:
    """Copies a file, with its time, unless that was done before: those of a training that was killed may be as long."""
    size, written_ns = files.stamp(name)
    if copy.exists() and (copy.stat().st_size, copy.stat().st_mtime_ns) == (size, written_ns):
        return
    copy.unlink(missing_ok=True)  # who has it open may go on reading it
    copy.write_bytes(files.read(name))
    os.utime(copy, ns=(written_ns, written_ns))


def _fetched(files: Files) -> Path:
    place = hashlib.blake2b(files.root.encode(), digest_size=8).hexdigest()
    return Path(tempfile.gettempdir()) / f"kittiseg-{getpass.getuser()}" / place
