"""``tag``: marks pictures with a word, or takes it away."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Literal

from annotated_types import MinLen

from kittiseg.config import Doc, settings
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.project.annotation import Tag
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta

_ON_OBJECTS = ("objectsOnly", "all")


@settings
class TagLayer(Transform):
    """Adds a tag to pictures, or deletes it from them. Tags of objects stay."""

    tag: Annotated[str, MinLen(1), Doc("the tag")]
    action: Annotated[Literal["add", "delete"], Doc("add: once, however often it is added; delete: wherever it is")]

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        """A deleted tag leaves the meta too, unless the meta says that objects may bear it."""
        if self.action == "add":
            return meta.with_tag(self.tag)
        kept = [tag for tag in meta.tags if tag.name != self.tag or tag.extra.get("applicable_type") in _ON_OBJECTS]
        return replace(meta, tags=tuple(kept))

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        tags = item.annotation.tags
        if self.action == "delete":
            tags = tuple(tag for tag in tags if tag.name != self.tag)
        elif self.tag not in item.annotation.tag_names:
            tags = (*tags, Tag(self.tag))
        yield replace(item, annotation=replace(item.annotation, tags=tags))
