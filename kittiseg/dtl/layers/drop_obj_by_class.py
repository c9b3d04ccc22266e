"""``drop_obj_by_class``: some classes go."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from kittiseg.config import Doc, settings
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.mapping import check_known
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta


@settings
class DropObjByClass(Transform):
    """Drops classes with all their objects. Pictures stay, also those that lose all their objects."""

    classes: Annotated[tuple[str, ...], Doc("the classes that go; each must come to this layer")]

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        check_known(meta, self.classes, "classes")
        return replace(meta, classes=tuple(entry for entry in meta.classes if entry.name not in self.classes))

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        yield replace(item, annotation=item.annotation.rename(dict.fromkeys(self.classes)))
