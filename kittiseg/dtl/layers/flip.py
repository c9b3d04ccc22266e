"""``flip``: the mirror image."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, ClassVar

from kittiseg.config import Doc, settings
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.project.geometry import Axis
from kittiseg.project.item import Item


@settings
class Flip(Transform):
    """Mirrors pictures and figures about an axis."""

    mark: ClassVar[str] = "flip[vh]"

    axis: Annotated[Axis, Doc("vertical: left for right, about the vertical axis; horizontal: top for bottom")]

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        yield replace(
            item,
            image=item.image.mirror(self.axis),
            annotation=item.annotation.mirror(self.axis),
            marks=(*item.marks, f"flip{self.axis[0]}"),
            did={"axis": self.axis},
        )
