"""``crop_annotation``: objects are cut as ``crop`` would cut them, and stay where they are."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, ClassVar

from kittiseg.config import Doc, settings
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.parts import RandomPart, draw_window, needs_size
from kittiseg.project.annotation import Annotation
from kittiseg.project.geometry import Window
from kittiseg.project.item import Item
from kittiseg.project.lengths import Sides


@settings
class CropAnnotation(Transform):
    """Drops what of the objects lies outside a window; one of ``random_part`` and ``sides``.

    The picture and the coordinates stay.
    """

    nothing_made: ClassVar[str] = "the window has no pixels, nothing is written"

    random_part: Annotated[RandomPart | None, Doc("a window of random size at a random place")] = None
    sides: Annotated[Sides | None, Doc('how much goes from each side: "20px", or "5%" of the picture\'s')] = None

    def __post_init__(self) -> None:
        if (self.random_part is None) == (self.sides is None):
            raise ValueError("give either 'random_part' or 'sides', and not both")

    @property
    def needs_annotation(self) -> bool:
        return needs_size(self.random_part, self.sides)

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        if self.sides is not None:
            window = self.sides.inner_window(item.image.size)
        else:
            assert self.random_part is not None
            window = draw_window(item.image.size, self.random_part, rng())
        if window.area:
            did = {"window": [window.left, window.top, window.width, window.height]}
            yield replace(item, annotation=only_inside(item.annotation, window), did=did)


def only_inside(annotation: Annotation, window: Window) -> Annotation:
    """What lies in a window of the picture, at its place."""
    whole = Window(top=-window.top, left=-window.left, height=annotation.image.height, width=annotation.image.width)
    return annotation.crop(window).crop(whole)
