"""How the pictures of a project are kept: what every storage can do for those who read and those who write.

``folder`` keeps files in Supervisely's layout, ``parquet`` rows in shards, ``recipe`` how to make each picture again.
A small file says which: ``storage.json``; without it, it is a folder.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Protocol, get_args

import numpy as np

from kittiseg.errors import DataError
from kittiseg.project.annotation import Annotation
from kittiseg.project.files import Files
from kittiseg.project.geometry import Size
from kittiseg.project.item import Item, ItemKey
from kittiseg.project.pixels import LazyImage, encode

FILE = "storage.json"
StorageKind = Literal["folder", "parquet", "recipe"]

Extra = tuple[str, np.ndarray]
"""A picture beside a picture: the folder that it goes to, and RGB (h, w, 3)."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What a project is written as. Without ``images`` or ``annotations`` a folder is for export only."""

    kind: StorageKind = "folder"
    images: bool = True
    annotations: bool = True

    @classmethod
    def read(cls, files: Files) -> "Layout":
        """That of a project's folder. DataError where it is of a kind that is not known here."""
        document = files.read_json(FILE) if files.exists(FILE) else {}
        if not isinstance(document, dict) or document.get("kind", "folder") not in get_args(StorageKind):
            known = ", ".join(get_args(StorageKind))
            raise DataError(
                f"{files.path(FILE)}: kept as {str(document)[:60]}, which is not known here (known: {known}); "
                "read it with the kittiseg that wrote it"
            )
        return cls(**document)

    def write(self, files: Files) -> None:
        """Nothing for a whole folder: that is what Supervisely's own projects are."""
        if self != FILES:
            document = {"kind": self.kind, "images": self.images, "annotations": self.annotations}
            files.write(FILE, (json.dumps(document) + "\n").encode())

    @property
    def whole(self) -> bool:
        return self.images and self.annotations


FILES = Layout()
"""A whole folder."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The picture that others are made of, as it was when that began (``Project.stamp``)."""

    item: Item
    stamp: tuple[int, ...]


class Storage(Protocol):
    """Reads pictures and annotations, one by one."""

    def datasets(self) -> list[str]: ...

    def names(self, dataset: str) -> list[str]:
        """The pictures of a data set, sorted."""

    def annotation(self, key: ItemKey) -> Annotation: ...

    def image(self, key: ItemKey, size: Size) -> LazyImage:
        """The picture, not yet decoded. ``size``: the one that its annotation states."""

    def picture_bytes(self, key: ItemKey) -> bytes:
        """The picture as a file of the kind that its name says."""

    def picture_size(self, key: ItemKey) -> int:
        """Bytes of that file, at least about."""

    def stamp(self, key: ItemKey) -> tuple[int, ...]:
        """Changes when the picture or its annotation is written."""


class Writer(Protocol):
    """Writes what is made of one block of pictures.

    A block is there, whole, when the ``with`` statement has ended; written again, it replaces itself.
    """

    def __enter__(self) -> "Writer": ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def add(self, item: Item, name: str, *, origin: Origin, extras: Iterable[Extra] = ()) -> str:
        """One picture with its annotation, in the item's data set; gives the digest of what was written.

        Only a folder can keep ``extras``.
        """

    def remove(self, dataset: str, name: str) -> None:
        """Takes a picture back that was added."""


def block_name(keys: Sequence[ItemKey]) -> str:
    """The name of a block of source pictures: the same for the same pictures in the same order."""
    return hashlib.blake2b("\n".join(map(str, keys)).encode(), digest_size=8).hexdigest()


def digest_of(*parts: bytes) -> str:
    """128 bits of SHA-256, which processors have an instruction for: a picture's digest costs 0.1 ms."""
    return digest_of_all(parts)


def digest_of_all(parts: Iterable[bytes]) -> str:
    """As :func:`digest_of`, of parts that come one after another."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()[:32]


def picture_file(image: LazyImage, suffix: str) -> bytes:
    """The file that the picture is, as it is, or else its pixels in a file of the kind that the suffix names."""
    return encode(image.pixels(), suffix) if image.source is None else image.source()


def annotation_file(annotation: Annotation) -> bytes:
    return compact_json(annotation.to_json())


def compact_json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
