"""``line2bitmap``: objects become their outlines, drawn with a broad pen."""

from collections.abc import Iterator
from typing import Annotated

from annotated_types import Ge, Le

from kittiseg.config import Doc, settings
from kittiseg.dtl.figures import convert, drawn
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.mapping import convert_meta
from kittiseg.dtl.outline import draw_outline
from kittiseg.project.geometry import Size
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.shapes import Bitmap, Shape


@settings
class Line2Bitmap(Transform):
    """Replaces objects of any shape by bitmaps of their outlines.

    Lines are drawn as they are, polygons and bitmaps around their holes too, a point as a disc as wide as the pen or a
    little wider. An outline outside the picture goes. The new objects bear no tags.

    The pen is OpenCV's, as in 2018: 1 px wide, or else the next odd number above ``width``.
    """

    classes_mapping: Annotated[dict[str, str], Doc("class -> class of the bitmaps; others stay as they are")]
    width: Annotated[int, Ge(1), Le(32_767), Doc("how wide the pen is, in px")]  # OpenCV's limit

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        return convert_meta(meta, self.classes_mapping, shape="bitmap")

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        image = item.annotation.image
        yield convert(item, self.classes_mapping, lambda shape: filter(None, [outline(shape, image, width=self.width)]))


def outline(shape: Shape, image: Size, *, width: int) -> Bitmap | None:
    """The pixels of a picture that a pen of ``width`` px touches on its way round a shape; None for none."""
    return drawn(shape, image, lambda there, mask_hw: draw_outline(there, mask_hw, width=width), margin=width + 2)
