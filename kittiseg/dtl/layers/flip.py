"""``flip``: the mirror image."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, ClassVar

import cv2
import numpy as np

from kittiseg.config import Doc, settings
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.project.item import Item
from kittiseg.project.shapes import Axis


@settings
class Flip(Transform):
    """Mirrors pictures and figures about an axis."""

    mark: ClassVar[str] = "flip[vh]"

    axis: Annotated[Axis, Doc("vertical: left for right, about the vertical axis; horizontal: top for bottom")]

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        axis = self.axis
        yield replace(
            item,
            image=item.image.then(item.image.size, lambda image_hwc: mirror(image_hwc, axis)),
            annotation=item.annotation.mirror(axis),
            marks=(*item.marks, f"flip{axis[0]}"),
        )


def mirror(image_hwc: np.ndarray, axis: Axis) -> np.ndarray:
    """``vertical``: column 0 becomes column w-1, as the original of 2018 has it. ``horizontal``: rows likewise."""
    return cv2.flip(image_hwc, 1 if axis == "vertical" else 0)
