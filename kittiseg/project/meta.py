"""The classes and tags of a project, as meta.json has them."""

import colorsys
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kittiseg.errors import DataError

_CLASS_KEYS = {"title", "shape", "color"}
_TAG_KEYS = {"name", "value_type", "color"}


@dataclass(frozen=True, slots=True)
class ObjectClass:
    """A class of objects; every object of it has the class's shape. ``color`` is ``#rrggbb``."""

    name: str
    shape: str
    color: str
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rgb(self) -> tuple[int, int, int]:
        return tuple(bytes.fromhex(self.color[1:]))  # type: ignore[return-value]

    def to_json(self) -> dict[str, Any]:
        return {**self.extra, "title": self.name, "shape": self.shape, "color": self.color}


@dataclass(frozen=True, slots=True)
class TagClass:
    """A tag that pictures or objects may bear. ``value_type``: none, any_string, any_number or oneof_string."""

    name: str
    value_type: str = "none"
    color: str = "#8a8a8a"
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {**self.extra, "name": self.name, "value_type": self.value_type, "color": self.color}


@dataclass(frozen=True, slots=True)
class ProjectMeta:
    """Classes and tags in a fixed order, names unique."""

    classes: tuple[ObjectClass, ...] = ()
    tags: tuple[TagClass, ...] = ()

    def __post_init__(self) -> None:
        for kind, names in (("class", [c.name for c in self.classes]), ("tag", [t.name for t in self.tags])):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise DataError(f"the {kind} '{twice[0]}' stands twice in the project's meta")

    @property
    def shapes(self) -> dict[str, str]:
        """Class name -> shape, in the project's order."""
        return {entry.name: entry.shape for entry in self.classes}

    @property
    def colors(self) -> dict[str, tuple[int, int, int]]:
        """Class name -> (red, green, blue)."""
        return {entry.name: entry.rgb for entry in self.classes}

    def with_tag(self, name: str, value_type: str = "none") -> "ProjectMeta":
        """The meta with a tag more, unless it is there, of whatever type."""
        if any(tag.name == name for tag in self.tags):
            return self
        return ProjectMeta(self.classes, (*self.tags, TagClass(name, value_type, color_of(name))))

    def merge(self, other: "ProjectMeta") -> "ProjectMeta":
        """The classes and tags of both; DataError where one name has two shapes. The first one's colour wins."""
        mine = self.shapes
        for entry in other.classes:
            if mine.get(entry.name, entry.shape) != entry.shape:
                raise DataError(
                    f"class '{entry.name}' is a {mine[entry.name]} in one place and a {entry.shape} in another"
                )
        tags = {tag.name for tag in self.tags}
        return ProjectMeta(
            (*self.classes, *(entry for entry in other.classes if entry.name not in mine)),
            (*self.tags, *(tag for tag in other.tags if tag.name not in tags)),
        )

    @classmethod
    def from_json(cls, document: Any) -> "ProjectMeta":
        """From a meta.json of today or of 2018 (``tags_images``, ``tags_objects``; tags as strings)."""
        if not isinstance(document, dict) or not isinstance(document.get("classes"), list):
            raise DataError("meta.json needs a list 'classes'")
        if "tags" in document and ("tags_images" in document or "tags_objects" in document):
            raise DataError("meta.json has 'tags' and also 'tags_images' or 'tags_objects'; keep one of the two")
        on_images = _list_in(document, "tags_images")
        on_objects = [_object_tag(tag, on_images) for tag in _list_in(document, "tags_objects")]
        tags = [*_list_in(document, "tags"), *on_images, *on_objects]
        return cls(
            tuple(map(_class_from_json, document["classes"])),
            tuple({tag.name: tag for tag in map(_tag_from_json, tags)}.values()),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "classes": [entry.to_json() for entry in self.classes],
            "tags": [tag.to_json() for tag in self.tags],
            "projectType": "images",
        }


def color_of(name: str) -> str:
    """A clear colour that follows from the name alone, for classes and tags that come without one."""
    hue = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=2).digest()) / 65536
    return "#" + bytes(round(255 * v) for v in colorsys.hsv_to_rgb(hue, 0.65, 0.9)).hex()


def palette(meta: ProjectMeta, names: Iterable[str]) -> dict[str, tuple[int, int, int]]:
    """(red, green, blue) of each name, from the meta or else from the name itself."""
    known = meta.colors
    return {name: known.get(name) or ObjectClass(name, "bitmap", color_of(name)).rgb for name in names}


def _list_in(document: Mapping[str, Any], key: str) -> list[Any]:
    found = document.get(key)
    if found is not None and not isinstance(found, list):
        raise DataError(f"'{key}' in meta.json is a list, not {str(found)[:60]}")
    return found or []


def _class_from_json(document: Any) -> ObjectClass:
    entry = document if isinstance(document, dict) else {}
    name, shape = entry.get("title"), entry.get("shape")
    if not isinstance(name, str) or not name or not isinstance(shape, str):
        raise DataError(f"a class in meta.json needs 'title' and 'shape', both words: {str(document)[:80]}")
    color = str(document.get("color") or color_of(name)).lower()
    try:
        if len(bytes.fromhex(color.removeprefix("#"))) != 3 or not color.startswith("#"):
            raise ValueError
    except ValueError:
        raise DataError(f"the colour of class '{name}' is {color!r}; wanted #rrggbb") from None
    return ObjectClass(name, shape, color, {k: v for k, v in document.items() if k not in _CLASS_KEYS})


def _object_tag(tag: Any, on_images: list[Any]) -> Any:
    """A word of ``tags_objects`` as today's object, which says what may bear it."""
    if not isinstance(tag, str):
        return tag
    return {"name": tag, "applicable_type": "all" if tag in on_images else "objectsOnly"}


def _tag_from_json(document: Any) -> TagClass:
    if isinstance(document, str):
        return TagClass(document, color=color_of(document))
    if not isinstance(document, dict) or not isinstance(document.get("name"), str):
        raise DataError(f"a tag in meta.json needs 'name': {str(document)[:80]}")
    return TagClass(
        document["name"],
        document.get("value_type") or "none",
        document.get("color") or color_of(document["name"]),
        {k: v for k, v in document.items() if k not in _TAG_KEYS},
    )
