"""``resize_annotation``: figures for another size, while the picture stays."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from kittiseg.config import Doc, settings
from kittiseg.dtl.annotation_scale import recall, remember
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.sizing import NewSize
from kittiseg.errors import DataError
from kittiseg.project.item import Item


@settings
class ResizeAnnotation(NewSize, Transform):
    """Makes figures larger or smaller as ``resize`` would, and leaves the picture and its size alone.

    Layers between this one and ``restore_annotation_scale`` can so work on coarser or finer figures; until then they do
    not lie on what they show. The annotation notes the size that it is drawn for (``ann_size_wh``), also in the file
    where the query ends before. A second time in a row is refused; the original scaled what was scaled already.
    """

    classes: Annotated[tuple[str, ...] | None, Doc("only figures of these; all without it")] = None

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        annotation = item.annotation
        if recall(annotation) is not None:
            raise DataError(f"{item.key}: its annotation is resized already; put 'restore_annotation_scale' between")
        scaling = self.scaling_of(item)
        figures = tuple(
            replace(figure, shape=shape)
            for figure in annotation.figures
            for shape in (figure.shape.move(scaling) if self._takes(figure.class_name) else [figure.shape])
        )
        resized = remember(replace(annotation, figures=figures), scaling)
        yield replace(item, annotation=resized, did={"size": [scaling.target.width, scaling.target.height]})

    def _takes(self, class_name: str) -> bool:
        return self.classes is None or class_name in self.classes
