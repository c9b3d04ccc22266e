"""Where writers write in tests."""

import io
from pathlib import Path

from kittiseg.inference.writers import Target
from kittiseg.project.files import Files
from kittiseg.project.item import ItemKey
from kittiseg.project.meta import ObjectClass

CLASSES = (
    ObjectClass("bg", "bitmap", "#222222"),
    ObjectClass("vehicle", "bitmap", "#003c64"),
    ObjectClass("größe & <x>", "bitmap", "#dc143c"),
)


def target_in(
    folder: Path, *, name: str = "a.png", source: bytes = b"", written: dict[int, str] | None = None
) -> Target:
    """A picture ``training/<name>`` whose file is ``source``; all classes are written under their names."""
    names = {index: entry.name for index, entry in enumerate(CLASSES)}
    key = ItemKey("source", "training", name)
    return Target(key, CLASSES, names if written is None else written, Files.at(folder), lambda: io.BytesIO(source))
