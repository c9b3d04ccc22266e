"""``rasterize``: objects become bitmaps of which no two share a pixel."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import numpy as np

from kittiseg.config import Doc, settings
from kittiseg.dtl.figures import filled, with_figures
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.mapping import convert_meta, map_class, new_name, with_rest
from kittiseg.project.annotation import Figure
from kittiseg.project.geometry import Size
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.shapes import Bitmap, Shape


@settings
class Rasterize(Transform):
    """Replaces objects of any shape by bitmaps of which no two share a pixel: later objects cut earlier ones.

    An object that later ones cover entirely goes. The new objects bear no tags.

    Objects of other classes stay, as the original's documentation promises, before the new ones; the original of 2018
    dropped them.
    """

    classes_mapping: Annotated[
        dict[str, str], Doc("class -> class of the bitmaps; others stay as they are, and neither cut nor are cut")
    ]

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        return convert_meta(meta, self.classes_mapping, shape="bitmap")

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        others, names, shapes = [], [], []
        for figure in item.annotation.figures:
            new = new_name(figure.class_name, self.classes_mapping)
            if new is not None:
                names.append(new)
                shapes.append(figure.shape)
            elif map_class(figure.class_name, with_rest(self.classes_mapping)) is not None:
                others.append(figure)
        seen = visible(shapes, item.annotation.image)
        rasters = [Figure(name, bitmap) for name, bitmap in zip(names, seen, strict=True) if bitmap is not None]
        yield with_figures(item, [*others, *rasters])


def visible(shapes: Sequence[Shape], image: Size) -> list[Bitmap | None]:
    """Of each shape the pixels that no later one covers; None where there are none."""
    covers = [filled(shape, image) for shape in shapes]
    on_top_hw = np.zeros((image.height, image.width), _index_type(len(shapes)))
    for number, cover in enumerate(covers, start=1):
        if cover is not None:
            cover.draw(on_top_hw, number)
    return [
        None
        if cover is None
        else Bitmap.trimmed(on_top_hw[cover.window.slices] == number, top=cover.window.top, left=cover.window.left)
        for number, cover in enumerate(covers, start=1)
    ]


def _index_type(highest: int) -> type[np.unsignedinteger]:
    """The smallest that holds the number."""
    return next(kind for kind in (np.uint8, np.uint16, np.uint32) if highest <= np.iinfo(kind).max)
