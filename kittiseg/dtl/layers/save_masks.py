"""``save_masks``: the end of a query whose masks go to other programs."""

from collections.abc import Iterator
from typing import Annotated

from annotated_types import Ge, Le

from kittiseg.config import Doc, settings
from kittiseg.dtl.layer import Sink
from kittiseg.dtl.painting import beside, painted, visible
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.storage import Extra, Layout

_Byte = Annotated[int, Ge(0), Le(255)]
_Colors = dict[str, tuple[_Byte, _Byte, _Byte]]


@settings
class SaveMasks(Sink):
    """Writes the project that ``dst`` names as files, with masks as PNG files in the colours that are given.

    Objects are painted in their order, later ones over earlier ones; those of a class without a colour are not. Machine
    masks lie in ``<data set>/masks_machine``. Human masks, in ``<data set>/masks_human``, show the picture, a green
    column, and the picture with its objects; there black is (1, 1, 1). A project without pictures or without
    annotations is for export only: no stage reads it.
    """

    images: Annotated[bool, Doc("whether pictures are written")]
    annotations: Annotated[bool, Doc("whether annotations are written")]
    masks_machine: Annotated[bool, Doc("whether masks for programs are written")]
    masks_human: Annotated[bool, Doc("whether masks for people are written")]
    gt_machine_color: Annotated[_Colors | None, Doc("class -> [red, green, blue] in masks for programs")] = None
    gt_human_color: Annotated[_Colors | None, Doc("class -> [red, green, blue] in masks for people")] = None

    def __post_init__(self) -> None:
        if not (self.images or self.annotations or self.has_extras):
            raise ValueError("one of 'images', 'annotations', 'masks_machine' and 'masks_human' must be true")
        if self.masks_machine and self.gt_machine_color is None:
            raise ValueError("'masks_machine' needs the colours of the classes, 'gt_machine_color'")
        if self.masks_human and self.gt_human_color is None:
            raise ValueError("'masks_human' needs the colours of the classes, 'gt_human_color'")

    @property
    def layout(self) -> Layout:
        return Layout(images=self.images, annotations=self.annotations)

    @property
    def has_extras(self) -> bool:
        return self.masks_machine or self.masks_human

    def extras(self, item: Item, meta: ProjectMeta) -> Iterator[Extra]:
        if self.masks_machine:
            yield "masks_machine", painted(item.annotation, self.gt_machine_color or {})
        if self.masks_human:
            paint_hwc = painted(item.annotation, visible(self.gt_human_color or {}))
            yield "masks_human", beside(item.image.pixels(), paint_hwc)
