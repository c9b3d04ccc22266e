"""``duplicate_objects``: objects and copies of them under another class."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated

from kittiseg.config import Doc, settings
from kittiseg.dtl.figures import with_figures
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.mapping import copy_meta, map_class, new_name, with_rest
from kittiseg.project.annotation import Figure
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta


@settings
class DuplicateObjects(Transform):
    """Puts a copy of each object behind it, of the class that the mapping says, tags and description included.

    The new class has shape and colour of the old one, unless it is there already. What the mapping does not mention is
    not copied.
    """

    classes_mapping: Annotated[
        dict[str, str], Doc('class -> class of the copies; "__default__" copies nothing, "__ignore__" drops the class')
    ]

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        return copy_meta(meta, self.classes_mapping)

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        yield with_figures(item, (each for figure in item.annotation.figures for each in copies(figure, self.mapping)))

    @property
    def mapping(self) -> Mapping[str, str]:
        return with_rest(self.classes_mapping)


def copies(figure: Figure, mapping: Mapping[str, str]) -> list[Figure]:
    """The figure and its copy; the figure alone, or nothing, where the mapping says so."""
    name = figure.class_name
    new = new_name(name, mapping)
    if new is not None:
        return [figure, replace(figure, class_name=new)]
    return [] if map_class(name, mapping) is None else [figure]
