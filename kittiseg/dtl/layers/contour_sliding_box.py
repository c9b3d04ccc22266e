"""``contour_sliding_box``: boxes along the outlines of polygons."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import numpy as np
from annotated_types import MinLen

from kittiseg.config import Doc, settings
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.mapping import add_class, check_shapes
from kittiseg.project.annotation import Figure
from kittiseg.project.geometry import Size
from kittiseg.project.item import Item
from kittiseg.project.lengths import check_lengths, exact_px
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.shapes import Polygon, Rectangle


@settings
class BoxSize:
    """How large the boxes are, in px or percent of the picture; at least 2 px."""

    width: Annotated[str, Doc('"20px", or "5%" of the picture\'s width')]
    height: Annotated[str, Doc('"20px", or "5%" of the picture\'s height')]

    def __post_init__(self) -> None:
        check_lengths(width=self.width, height=self.height)


@settings
class ContourSlidingBox(Transform):
    """Puts rectangles along the outlines of polygons, one each ``distance``, moved inwards where the picture ends.

    They follow their polygon in the list. The first is ``distance`` away from the outline's first corner. The original
    stepped in tenths of a pixel that did not add up, and its boxes had their top and bottom swapped.
    """

    classes: Annotated[tuple[str, ...], Doc("whose polygons get boxes")]
    box_class: Annotated[Annotated[str, MinLen(1)], Doc("the class of the boxes")]
    box: Annotated[BoxSize, Doc("how large they are")]
    distance: Annotated[
        str, Doc('how far apart along the outline: "20px", or "5%" of the picture\'s shorter side; at least 1 px')
    ]

    def __post_init__(self) -> None:
        check_lengths(distance=self.distance)

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        check_shapes(meta, self.classes, shapes=["polygon"], at="classes")
        return add_class(meta, self.box_class, shape="rectangle", at="box_class")

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        image = item.annotation.image
        step = max(int(exact_px(self.distance, min(image.width, image.height))), 1)
        box = Size(
            height=max(int(exact_px(self.box.height, image.height)), 2),
            width=max(int(exact_px(self.box.width, image.width)), 2),
        )
        figures: list[Figure] = []
        for figure in item.annotation.figures:
            figures.append(figure)
            if figure.class_name in self.classes and isinstance(figure.shape, Polygon):
                centres = places_along(figure.shape.exterior, step)
                figures += [Figure(self.box_class, box_at(x, y, box, image)) for x, y in centres]
        yield replace(item, annotation=replace(item.annotation, figures=tuple(figures)))


def places_along(ring: np.ndarray, step: float) -> np.ndarray:
    """(n, 2): the places at ``step``, twice ``step`` ... on the way around a ring, from its first corner back to it."""
    closed = np.concatenate([ring, ring[:1]])
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    stops = np.arange(1, int(way[-1] / step) + 1) * step
    return np.stack([np.interp(stops, way, closed[:, 0]), np.interp(stops, way, closed[:, 1])], axis=1)


def box_at(x: float, y: float, box: Size, image: Size) -> Rectangle:
    """The box around a place, both corners on pixels of the picture; one larger than the picture is cut."""
    half_width, half_height = box.width // 2, box.height // 2
    left, right = _span(x, half_width, image.width - 1)
    top, bottom = _span(y, half_height, image.height - 1)
    return Rectangle(left, top, right, bottom)


def _span(middle: float, half: int, last: int) -> tuple[float, float]:
    if 2 * half >= last:
        return 0.0, float(last)
    middle = float(np.clip(middle, half, last - half))
    return middle - half, middle + half
