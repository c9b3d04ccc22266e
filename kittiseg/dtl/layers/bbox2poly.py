"""``bbox2poly``: rectangles become polygons."""

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from kittiseg.config import Doc, settings
from kittiseg.dtl.figures import convert
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.mapping import convert_meta
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.shapes import Polygon, Rectangle

_SHAPES = ("rectangle",)


@settings
class Bbox2Poly(Transform):
    """Replaces rectangles by polygons of four corners. The new objects bear no tags."""

    classes_mapping: Annotated[
        dict[str, str], Doc("class of rectangles -> class of the polygons; others stay as they are")
    ]

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        return convert_meta(meta, self.classes_mapping, shape="polygon", from_shapes=_SHAPES)

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        mapping = self.classes_mapping
        yield convert(item, mapping, lambda shape: [corners(shape.box)], from_shapes=_SHAPES)


def corners(box: Rectangle) -> Polygon:
    """From the upper left one down, against the clock."""
    left, top, right, bottom = box.left, box.top, box.right, box.bottom
    return Polygon(np.array([(left, top), (left, bottom), (right, bottom), (right, top)], float))
