"""``drop_noise``: small parts of masks go."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

import cv2
import numpy as np

from kittiseg.config import Doc, settings
from kittiseg.dtl.figures import convert
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.mapping import check_shapes
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.shapes import Bitmap, Shape

_AREA = re.compile(r"(?P<px>\d{1,9}) *px|(?P<percent>\d{1,9}(\.\d\d?)?)%")


@settings
class DropNoise(Transform):
    """Removes the parts of masks that have fewer px than a limit; objects of which nothing is left go.

    Px that touch only at a corner are two parts. The new objects bear no tags and no description, as in 2018.
    """

    classes: Annotated[tuple[str, ...], Doc("whose masks are cleaned, classes of shape bitmap")]
    min_area: Annotated[str, Doc('how large a part must be to stay: "20px", or "1.5%" of what src_type says')]
    src_type: Annotated[Literal["image", "bbox"], Doc("percent of the picture's px, or of the box around the object")]

    def __post_init__(self) -> None:
        if not _AREA.fullmatch(self.min_area):
            raise ValueError(f'\'min_area\' is {self.min_area!r}: write it as "20px" or "1.5%"')

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        check_shapes(meta, self.classes, shapes=["bitmap"], at="classes")
        return meta

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        def clean(shape: Shape) -> list[Bitmap]:
            assert isinstance(shape, Bitmap)
            whole = item.image.size if self.src_type == "image" else shape.window
            cleaned = without_small_parts(shape, min_px=area_px(self.min_area, whole.area))
            return [] if cleaned is None else [cleaned]

        yield convert(item, {name: name for name in self.classes}, clean, from_shapes=["bitmap"])


def area_px(text: str, whole: int) -> int:
    """``"20px"`` is 20, ``"1.5%"`` so much of ``whole`` px, cut off to whole px."""
    match = _AREA.fullmatch(text)
    assert match is not None
    return int(match["px"]) if match["px"] else int(whole * (float(match["percent"]) / 100.0))


def without_small_parts(bitmap: Bitmap, *, min_px: int) -> Bitmap | None:
    """The bitmap without its 4-connected parts of fewer px; None where nothing is left."""
    _, parts_hw, stats, _ = cv2.connectedComponentsWithStats(bitmap.mask_hw.view(np.uint8), connectivity=4)
    stays = stats[:, cv2.CC_STAT_AREA] >= min_px
    stays[0] = False  # what is not set
    return Bitmap.trimmed(stays[parts_hw], top=bitmap.window.top, left=bitmap.window.left)
