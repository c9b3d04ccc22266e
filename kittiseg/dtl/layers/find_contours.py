"""``find_contours``: bitmaps become polygons."""

from collections.abc import Iterator
from typing import Annotated

import cv2
import numpy as np
from annotated_types import Ge, Le

from kittiseg.config import Doc, settings
from kittiseg.dtl.figures import convert, simplified
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.mapping import convert_meta
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.shapes import Bitmap, Polygon, Shape

_SHAPES = ("bitmap",)


@settings
class FindContours(Transform):
    """Replaces bitmaps by polygons, one for each connected part, with holes where it has some.

    Corners lie on the centres of the outermost pixels, those of a hole on the pixels around it. Parts whose outline has
    fewer than three corners (single pixels, straight strokes 1 px wide) go. The new objects bear no tags.

    With ``approx_epsilon`` corners stay on pixel centres, which the original moved by half a px.
    """

    classes_mapping: Annotated[
        dict[str, str], Doc("class of bitmaps -> class of the polygons; others stay as they are")
    ]
    approx_epsilon: Annotated[
        Annotated[float, Ge(0), Le(1e6)] | None,
        Doc("leave out corners that are so many px away from the outline without them"),
    ] = None

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        return convert_meta(meta, self.classes_mapping, shape="polygon", from_shapes=_SHAPES)

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        def change(shape: Shape) -> list[Shape]:
            assert isinstance(shape, Bitmap)
            return contours(shape, epsilon=self.approx_epsilon)

        yield convert(item, self.classes_mapping, change, from_shapes=_SHAPES)


def contours(bitmap: Bitmap, *, epsilon: float | None = None) -> list[Shape]:
    """A polygon for each 8-connected part. With ``epsilon`` rings are simplified, unless fewer than 3 corners stay."""
    rings, family = cv2.findContours(bitmap.mask_hw.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    middle = (bitmap.window.left + 0.5, bitmap.window.top + 0.5)
    parts: list[Shape] = []
    for index, ring in enumerate(rings):
        if family[0][index][3] < 0 and len(ring) >= 3:  # no parent: an outer ring
            holes = [rings[child] for child in _children(family[0], index) if len(rings[child]) >= 3]
            exterior, *interior = (_corners(each, epsilon) + middle for each in (ring, *holes))
            parts.append(Polygon(exterior, tuple(interior)))
    return parts


def _children(family: np.ndarray, parent: int) -> Iterator[int]:
    """OpenCV's rows are [next sibling, sibling before, first child, parent], -1 for none."""
    child = int(family[parent][2])
    while child >= 0:
        yield child
        child = int(family[child][0])


def _corners(ring: np.ndarray, epsilon: float | None) -> np.ndarray:
    """(n, 1, 2) ints of OpenCV as (n, 2) floats, simplified where that leaves a ring."""
    fewer = ring[:, 0] if epsilon is None else simplified(ring[:, 0], epsilon, closed=True)
    return (fewer if len(fewer) >= 3 else ring[:, 0]).astype(float)
