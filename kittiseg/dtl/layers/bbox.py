"""``bbox``: objects become the boxes around them."""

from collections.abc import Iterator
from typing import Annotated

from kittiseg.config import Doc, settings
from kittiseg.dtl.figures import convert
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.mapping import convert_meta
from kittiseg.project.geometry import Window
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta


@settings
class Bbox(Transform):
    """Replaces objects of any shape by the smallest upright rectangles around them, clipped to the picture.

    Points, and lines that are upright or level, have no such rectangle and go. The new objects bear no tags.
    """

    classes_mapping: Annotated[dict[str, str], Doc("class -> class of the rectangles; others stay as they are")]

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        return convert_meta(meta, self.classes_mapping, shape="rectangle")

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        picture = Window.whole(item.annotation.image)
        yield convert(item, self.classes_mapping, lambda shape: shape.box.crop(picture))
