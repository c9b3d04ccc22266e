"""``split_masks``: each part of a mask becomes an object."""

from collections.abc import Iterator
from typing import Annotated

import cv2
import numpy as np

from kittiseg.config import Doc, settings
from kittiseg.dtl.figures import convert
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.mapping import check_shapes
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.shapes import Bitmap, Shape


@settings
class SplitMasks(Transform):
    """Makes an object of each connected part of a mask, in the mask's place.

    Px that touch at a corner are connected. The new objects bear no tags and no description, as in 2018.
    """

    classes: Annotated[tuple[str, ...], Doc("whose masks are split, classes of shape bitmap")]

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        check_shapes(meta, self.classes, shapes=["bitmap"], at="classes")
        return meta

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        yield convert(item, {name: name for name in self.classes}, parts, from_shapes=["bitmap"])


def parts(shape: Shape) -> Iterator[Bitmap]:
    """The 8-connected parts of a bitmap, in the order of their first rows."""
    assert isinstance(shape, Bitmap)
    count, parts_hw, stats, _ = cv2.connectedComponentsWithStats(shape.mask_hw.view(np.uint8), connectivity=8)
    for label in range(1, count):
        left, top, width, height = stats[label, :4].tolist()
        mask_hw = parts_hw[top : top + height, left : left + width] == label
        yield Bitmap(top=shape.window.top + top, left=shape.window.left + left, mask_hw=mask_hw)
