"""``poly2bitmap``: objects become the pixels that they cover."""

from collections.abc import Iterator
from typing import Annotated

from kittiseg.config import Doc, settings
from kittiseg.dtl.figures import convert, filled
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.mapping import convert_meta
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta


@settings
class Poly2Bitmap(Transform):
    """Replaces objects of any shape by bitmaps of the pixels that they cover.

    Polygons are filled, their holes left out but for the holes' own outlines; rectangles have both corners; lines are
    1 px wide. An object that covers no pixel of the picture goes. The new objects bear no tags.
    """

    classes_mapping: Annotated[dict[str, str], Doc("class -> class of the bitmaps; others stay as they are")]

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        return convert_meta(meta, self.classes_mapping, shape="bitmap")

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        image = item.annotation.image
        yield convert(item, self.classes_mapping, lambda shape: filter(None, [filled(shape, image)]))
