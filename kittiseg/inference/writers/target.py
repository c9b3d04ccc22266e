"""Where a writer writes, and what it knows of the picture."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from kittiseg.errors import DataError
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


def check_stems(keys: Iterable[ItemKey]) -> None:
    """DataError where files of two pictures would have one name."""
    known: dict[tuple[str, str], ItemKey] = {}
    for key in keys:
        first = known.setdefault((key.dataset, key.stem), key)
        if first != key:
            raise DataError(
                f"{first} and {key} differ in their suffixes only, so that files beside them would have one name; "
                "rename one of them, or write no 'outputs'"
            )


def class_table(classes: Sequence[ObjectClass]) -> bytes:
    """What :data:`CLASS_TABLE` holds: index, title and colour of each class, and the index of what is not known."""
    entries = [{"index": index, "title": entry.name, "color": entry.color} for index, entry in enumerate(classes)]
    return (json.dumps({"classes": entries, "nothing": NOTHING}, ensure_ascii=False, indent=1) + "\n").encode()
