"""``merge_bitmap_masks``: the masks of a class become one."""

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from kittiseg.config import Doc, settings
from kittiseg.dtl.figures import check_kind, with_figures
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.mapping import check_shape
from kittiseg.dtl.overlay import laid_out, window_around
from kittiseg.project.annotation import Figure
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.shapes import Bitmap


@settings
class MergeBitmapMasks(Transform):
    """Makes one object of all objects of a class; it comes last.

    It bears no tags and no description, but a single object keeps its own.
    """

    class_: Annotated[str, Doc("whose masks become one, a class of shape bitmap")]

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        check_shape(meta, self.class_, shape="bitmap", at="class")
        return meta

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        others = [figure for figure in item.annotation.figures if figure.class_name != self.class_]
        merged = [figure for figure in item.annotation.figures if figure.class_name == self.class_]
        for figure in merged:
            check_kind(item, figure, ["bitmap"])
        if len(merged) > 1:
            masks = [figure.shape for figure in merged if isinstance(figure.shape, Bitmap)]
            merged = [Figure(self.class_, merge(masks))]
        yield with_figures(item, [*others, *merged])


def merge(bitmaps: list[Bitmap]) -> Bitmap:
    """The px that one of them covers."""
    window = window_around(bitmaps)
    mask_hw = np.logical_or.reduce([laid_out(bitmap, window) for bitmap in bitmaps])
    return Bitmap(top=window.top, left=window.left, mask_hw=mask_hw)
