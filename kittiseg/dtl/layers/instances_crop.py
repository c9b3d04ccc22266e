"""``instances_crop``: a picture for every object."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, ClassVar

from annotated_types import MinLen

from kittiseg.config import Doc, settings
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.windows import cut
from kittiseg.project.geometry import Window
from kittiseg.project.item import Item
from kittiseg.project.lengths import Margins
from kittiseg.project.meta import ProjectMeta


@settings
class Pad:
    """How much is shown around an object."""

    sides: Annotated[Margins, Doc('px, or percent of the width or height of the object\'s box: "20px", "5%", "-3px"')]


@settings
class InstancesCrop(Transform):
    """Cuts a window around each object of some classes: its box and a margin, as far as the picture goes.

    On it remain the object itself and what it shows of ``save_classes``; other objects of its own class go too. All
    other classes leave the project. Boxes are rounded to whole px; points and other objects whose box has no area give
    no picture, nor do boxes of which negative margins leave nothing. Classes that no picture has are no error.
    """

    mark: ClassVar[str] = r"i\d+"

    classes: Annotated[tuple[str, ...], MinLen(1), Doc("a picture for every object of these")]
    pad: Annotated[Pad, Doc("how much is shown around an object")]
    save_classes: Annotated[tuple[str, ...], Doc("classes that stay besides")] = ()

    def __post_init__(self) -> None:
        both = [f"'{name}'" for name in self.classes if name in self.save_classes]
        if both:
            raise ValueError(f"{', '.join(both)} cannot be in 'classes' and in 'save_classes'; take it out of one")

    @property
    def needs_annotation(self) -> bool:
        return True

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        kept = {*self.classes, *self.save_classes}
        return replace(meta, classes=tuple(entry for entry in meta.classes if entry.name in kept))

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        picture = Window.whole(item.image.size)
        number = 0
        for index, figure in enumerate(item.annotation.figures):
            box = figure.shape.box.window
            around = self.pad.sides.around(box)
            window = around and around.intersect(picture)
            if figure.class_name not in self.classes or not box.area or window is None:
                continue
            number += 1
            figures = tuple(
                other
                for place, other in enumerate(item.annotation.figures)
                if place == index or other.class_name in self.save_classes
            )
            alone = replace(item, annotation=replace(item.annotation, figures=figures))
            yield replace(cut(alone, window, around=figure.class_name), marks=(*item.marks, f"i{number}"))
