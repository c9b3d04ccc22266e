"""One picture with its annotation, and where it came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from kittiseg.project.annotation import Annotation
from kittiseg.project.pixels import LazyImage


@dataclass(frozen=True, slots=True, order=True)
class ItemKey:
    """Where a picture lies: ``name`` is its file name, extension included."""

    project: str
    dataset: str
    name: str

    @property
    def stem(self) -> str:
        return PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix

    def __str__(self) -> str:
        return f"{self.project}/{self.dataset}/{self.name}"


@dataclass(frozen=True, slots=True)
class Deed:
    """What one layer did to a picture: its place in the query, its action, and what it drew or chose (plain JSON)."""

    layer: int
    action: str
    did: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """A picture on its way through a query.

    ``key`` is the source picture's, whatever becomes of it. ``dataset`` is the one it will be written to. ``marks``
    tell what made it (``("flipv", "m3")``) and become part of its name. ``path`` holds the edges of the graph that it
    came by, with the ordinal among the pictures that one layer made of one: it addresses the random draws. ``did`` is
    what the layer that made it drew or chose (``{"window": [left, top, width, height]}``); the program moves it to
    ``lineage``, which tells how the picture came to be.
    """

    key: ItemKey
    image: LazyImage
    annotation: Annotation
    dataset: str
    marks: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    did: Mapping[str, Any] = field(default_factory=dict)
    lineage: tuple[Deed, ...] = ()
