"""``tag``: marks pictures with a word, or takes it away."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Literal

from annotated_types import MinLen

from kittiseg.config import Doc, settings
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.errors import ConfigError, DataError, Problem
from kittiseg.project.annotation import Tag
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta, TagClass

_ON_OBJECTS = ("objectsOnly", "all")


@settings
class NamedTag:
    """A tag with or without a value."""

    name: Annotated[str, MinLen(1), Doc("the tag")]
    value: Annotated[str | int | float | None, Doc("what the tag says of the picture")] = None


@settings
class TagLayer(Transform):
    """Adds a tag to pictures, or deletes it from them. Tags of objects stay.

    A tag is added once, however often this is asked; a picture that bears it with another value is an error. A deleted
    tag goes wherever it stands, whatever its value, and out of the project's list of tags. The original of 2018 added
    a tag twice, deleted its first occurrence only, and never cleaned the list.
    """

    tag: Annotated[Annotated[str, MinLen(1)] | NamedTag, Doc('the tag, or {"name", "value"}')]
    action: Annotated[Literal["add", "delete"], Doc("delete: by the name alone")]

    def __post_init__(self) -> None:
        if self.action == "delete" and self.wanted.value is not None:
            raise ValueError("tags are deleted by their name, whatever their value: leave 'value' out")

    @property
    def wanted(self) -> Tag:
        return Tag(self.tag) if isinstance(self.tag, str) else Tag(self.tag.name, self.tag.value)

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        """A deleted tag leaves the meta too, unless the meta says that objects may bear it."""
        name, value = self.wanted.name, self.wanted.value
        if self.action == "delete":
            kept = [tag for tag in meta.tags if tag.name != name or tag.extra.get("applicable_type") in _ON_OBJECTS]
            return replace(meta, tags=tuple(kept))
        for known in meta.tags:
            if known.name == name and not fits(value, known):
                message = (
                    f"tag '{name}' is declared with values of type {known.value_type}; it cannot be given {value!r}"
                )
                raise ConfigError(name, [Problem("/tag", message)])
        return meta.with_tag(name, value_type_of(value))

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        tags = item.annotation.tags
        same_name = [tag for tag in tags if tag.name == self.wanted.name]
        if self.action == "delete":
            tags = tuple(tag for tag in tags if tag not in same_name)
        elif not same_name:
            tags = (*tags, self.wanted)
        elif any(tag.value != self.wanted.value for tag in same_name):
            raise DataError(
                f"{item.key}: tag '{self.wanted.name}' should say {self.wanted.value!r} but says "
                f"{same_name[0].value!r} already; delete it before, or send this picture another way"
            )
        yield replace(item, annotation=replace(item.annotation, tags=tags))


def value_type_of(value: str | float | None) -> str:
    """How the meta calls it."""
    if value is None:
        return "none"
    return "any_string" if isinstance(value, str) else "any_number"


def fits(value: str | float | None, declared: TagClass) -> bool:
    """Whether a tag of the project may have this value."""
    if declared.value_type == "oneof_string":
        return value in declared.extra.get("values", ())
    return declared.value_type == value_type_of(value)
