"""``data``: pictures of a project come in, their classes renamed or dropped."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Literal

from kittiseg.config import Doc, settings
from kittiseg.dtl.layer import Source
from kittiseg.dtl.mapping import KEEP, OTHER, map_class, map_meta
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta


@settings
class Data(Source):
    """Lets the pictures of ``src`` in: ``project/dataset``, or ``project/*`` for all of its data sets."""

    classes_mapping: Annotated[
        Literal["default"] | dict[str, str],
        Doc('class -> new name, "__default__" or "__ignore__"; "__other__" for the rest; "default" keeps all'),
    ]

    @property
    def mapping(self) -> Mapping[str, str]:
        return self.classes_mapping if isinstance(self.classes_mapping, dict) else {OTHER: KEEP}

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        return map_meta(meta, self.mapping)

    def take(self, item: Item) -> Item:
        """The picture under the new classes, in data set ``project__dataset`` until a layer says otherwise.

        It stays where it loses all its figures. Figures are clipped to the picture.
        """
        names = {figure.class_name: map_class(figure.class_name, self.mapping) for figure in item.annotation.figures}
        annotation = item.annotation.rename(names).clip()
        return replace(item, annotation=annotation, dataset=f"{item.key.project}__{item.key.dataset}")
