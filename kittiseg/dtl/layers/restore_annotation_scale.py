"""``restore_annotation_scale``: figures that were resized without their picture lie on it again."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from kittiseg.config import Doc, settings
from kittiseg.dtl.annotation_scale import Undoing, forget, recall
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.project.item import Item


@settings
class RestoreAnnotationScale(Transform):
    """Takes figures back to the picture's size after ``resize_annotation``; without it before, nothing happens.

    Figures come back to their places also where the ratio was kept and black was added beside; the original stretched
    them from the whole size then. Bitmaps have the resolution that they were brought to.
    """

    classes: Annotated[
        tuple[str, ...] | None, Doc("only figures of these: name the same as in resize_annotation; all without it")
    ] = None

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        annotation = item.annotation
        scaling = recall(annotation)
        if scaling is None:
            yield item
            return
        figures = tuple(
            replace(figure, shape=shape)
            for figure in annotation.figures
            for shape in (figure.shape.move(Undoing(scaling)) if self._takes(figure.class_name) else [figure.shape])
        )
        yield replace(item, annotation=forget(replace(annotation, figures=figures)))

    def _takes(self, class_name: str) -> bool:
        return self.classes is None or class_name in self.classes
