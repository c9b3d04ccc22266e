"""``rename``: classes get other names."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from kittiseg.config import Doc, settings
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.mapping import map_class, map_meta, with_rest
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta


@settings
class Rename(Transform):
    """Renames classes, joins classes of one shape, or drops them with their objects.

    What the mapping does not mention stays. An ``__other__`` in it counts; the original of 2018 overwrote it with
    ``__default__`` and said nothing.
    """

    classes_mapping: Annotated[
        dict[str, str], Doc('class -> new name, "__default__" or "__ignore__"; "__other__" for the rest')
    ]

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        return map_meta(meta, with_rest(self.classes_mapping))

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        mapping = with_rest(self.classes_mapping)
        names = {figure.class_name: map_class(figure.class_name, mapping) for figure in item.annotation.figures}
        yield replace(item, annotation=item.annotation.rename(names))
