"""Where a writer writes, and what it knows of the picture."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from kittiseg.inference.scored import NOTHING
from kittiseg.project.files import Files
from kittiseg.project.item import ItemKey
from kittiseg.project.meta import ObjectClass

CLASS_TABLE = "classes.json"
"""In a project of predictions with files beside its pictures: which index in them is which class."""


@dataclass(frozen=True)
class Target:
    """A picture of predictions. ``key`` is the source picture's, ``files`` the folder of the project to write.

    ``classes``: those of the model, a label being an index of them. ``written``: labels of the classes that the project
    has objects of -> their names in it. ``open_source`` opens the source picture's file.
    """

    key: ItemKey
    classes: Sequence[ObjectClass]
    written: Mapping[int, str]
    files: Files
    open_source: Callable[[], BinaryIO]

    def path(self, folder: str, suffix: str) -> str:
        return f"{self.key.dataset}/{folder}/{self.key.stem}{suffix}"


def class_table(classes: Sequence[ObjectClass]) -> bytes:
    """What :data:`CLASS_TABLE` holds: each class with its index and colour, and the index of pixels of which nothing is
    known."""
    entries = [{"index": index, "title": entry.name, "color": entry.color} for index, entry in enumerate(classes)]
    return (json.dumps({"classes": entries, "nothing": NOTHING}, ensure_ascii=False, indent=1) + "\n").encode()
