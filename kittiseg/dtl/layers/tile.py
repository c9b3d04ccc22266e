"""``tile``: windows of pictures of any size, huge ones too, without those that show nothing."""

from collections.abc import Iterator
from dataclasses import field, replace
from itertools import groupby
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Le, MinLen

from kittiseg.config import Doc, did_you_mean, pointer, settings
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.mapping import check_known
from kittiseg.dtl.windows import NearFigures, WindowSize, check_overlap, cut
from kittiseg.errors import ConfigError, Problem
from kittiseg.project.annotation import Annotation
from kittiseg.project.geometry import Size, Window
from kittiseg.project.item import Item
from kittiseg.project.lengths import check_lengths, exact_px
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.pixels import LazyImage
from kittiseg.project.windows import MinOverlap, place_windows

_Byte = Annotated[int, Ge(0), Le(255)]


@settings
class MinObjectArea:
    """How much of a tile must be covered."""

    classes: Annotated[tuple[str, ...], MinLen(1), Doc("by objects of these, together; a pixel counts once")]
    area: Annotated[str, Doc('"200px", or "5%" of the tile\'s pixels')]

    def __post_init__(self) -> None:
        check_lengths(area=self.area)


@settings
class Holes:
    """What a hole in the picture is; one of ``class`` and ``color``."""

    class_: Annotated[str | None, Doc("pixels of this class")] = None
    color: Annotated[tuple[_Byte, _Byte, _Byte] | None, Doc("pixels of this colour exactly, [red, green, blue]")] = None

    def __post_init__(self) -> None:
        if (self.class_ is None) == (self.color is None):
            raise ValueError("give either 'class' or 'color'")


@settings
class Tile(Transform):
    """Cuts a picture into windows as ``sliding_window`` does, but of any picture, and only those worth having. Ours.

    Along an axis on which the picture is smaller than the window, the tile is as long as the picture. A huge picture
    streams: objects are cut band by band, and of a TIFF file in strips or tiles no more than one band of pixels is in
    memory at a time; other files are decoded once, whole. Holes by ``color`` are sought in the pixels, so that a dry
    run reads them too; JPEG files hardly ever have a colour exactly.
    """

    mark: ClassVar[str] = r"x\d+y\d+"

    window: Annotated[WindowSize, Doc("how large the tiles are")]
    min_overlap: Annotated[MinOverlap, Doc("of neighbouring tiles")] = field(default_factory=MinOverlap)
    min_object_area: Annotated[MinObjectArea | None, Doc("tiles with less of these objects are left out")] = None
    holes: Annotated[Holes | None, Doc("what a hole is; goes with max_holes")] = None
    max_holes: Annotated[str | None, Doc('tiles with more holes go: "30%" of their pixels, or "200px"')] = None

    def __post_init__(self) -> None:
        check_overlap(self.window, self.min_overlap)
        if (self.holes is None) != (self.max_holes is None):
            raise ValueError("'holes' and 'max_holes' go together: what a hole is, and how much of it a tile may have")
        if self.max_holes is not None:
            check_lengths(max_holes=self.max_holes)

    @property
    def needs_annotation(self) -> bool:
        return True

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        if self.min_object_area:
            check_known(meta, self.min_object_area.classes, "min_object_area", "classes")
        hole = self.holes.class_ if self.holes else None
        if hole is not None and hole not in meta.shapes:
            message = f"no class '{hole}' comes to this layer{did_you_mean(hole, meta.shapes)}"
            raise ConfigError("holes", [Problem(pointer("holes", "class"), message)])
        return meta

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        size = item.image.size
        places = place_tiles(size, self.window.size, self.min_overlap.size)
        whole = NearFigures(item.annotation)
        for top, row in groupby(places, key=lambda place: place.top):
            band = Window(top=top, left=0, height=min(self.window.height, size.height), width=size.width)
            figures = NearFigures(whole.crop(band))
            for place in row:
                annotation = figures.crop(place.moved(down=-top))
                tile = cut(item, place, annotation=annotation)
                if self._is_wanted(tile):
                    yield replace(tile, marks=(*item.marks, f"x{place.left}y{place.top}"))

    def _is_wanted(self, tile: Item) -> bool:
        pixels = tile.image.size.area
        least, holes = self.min_object_area, self.holes
        if least and covered_px(tile.annotation, least.classes) < exact_px(least.area, pixels):
            return False
        if holes is None or self.max_holes is None:
            return True
        return holes_px(tile.image, tile.annotation, holes) <= exact_px(self.max_holes, pixels)


def place_tiles(image: Size, window: Size, min_overlap: Size) -> list[Window]:
    """As ``place_windows``; a window that is longer than the picture is as long as the picture."""
    height, width = min(window.height, image.height), min(window.width, image.width)
    overlap = Size(height=min(min_overlap.height, height - 1), width=min(min_overlap.width, width - 1))
    return place_windows(image, Size(height=height, width=width), overlap)


def covered_px(annotation: Annotation, classes: tuple[str, ...]) -> int:
    """Px that objects of these classes cover, each counted once."""
    return int(np.count_nonzero(annotation.to_label_map(dict.fromkeys(classes, 1))))


def holes_px(image: LazyImage, annotation: Annotation, holes: Holes) -> int:
    if holes.class_ is not None:
        return covered_px(annotation, (holes.class_,))
    return int(np.count_nonzero((image.pixels() == holes.color).all(axis=2)))
