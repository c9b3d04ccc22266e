"""``background``: a rectangle behind everything."""

from collections.abc import Iterator
from typing import Annotated

from kittiseg.config import Doc, settings
from kittiseg.dtl.figures import with_figures
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.mapping import add_class
from kittiseg.project.annotation import Figure
from kittiseg.project.geometry import Size
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.shapes import Rectangle


@settings
class Background(Transform):
    """Puts a rectangle as large as the picture before all other objects, so that they cover it.

    It ends one px before the right and the lower edge, since rectangles are drawn with both of their corners.
    """

    class_: Annotated[str, Doc("its class, which is made where it is not there yet")]

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        return add_class(meta, self.class_, shape="rectangle", at="class")

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        behind = Figure(self.class_, whole_rectangle(item.annotation.image))
        yield with_figures(item, (behind, *item.annotation.figures))


def whole_rectangle(image: Size) -> Rectangle:
    """The rectangle that covers every pixel when it is drawn; where the picture is 1 px wide, it is too, lest it go."""
    return Rectangle(0, 0, max(image.width - 1, 1), max(image.height - 1, 1))
