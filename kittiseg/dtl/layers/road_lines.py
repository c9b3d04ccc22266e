"""``road_lines``: the left and the right edge of a road, as a driver sees them."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import cv2
import numpy as np
from annotated_types import Ge, MinLen

from kittiseg.config import Doc, settings
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.mapping import add_class, check_shape
from kittiseg.project.annotation import Figure
from kittiseg.project.geometry import Size
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.shapes import Line, Polygon

_Name = Annotated[str, MinLen(1)]
_FAR = 1000  # px: how far outside the picture the places lie whose nearest corner is sought


@settings
class RoadLines(Transform):
    """Adds two lines to each polygon of a road: its left and its right side, seen as a trapezium from a car.

    They are found on the polygon's convex hull in whole px and follow it in the list. A side goes from the hull's
    outermost low corner up to where the hull passes into the triangle between the picture's upper corners and a place
    below its middle; or, where the hull has at most 7 corners or does not pass, to its outermost high corner. The
    original took another edge where the hull's first corner lay in the triangle, and gave wide flat roads sides of no
    length; there a side goes up to the highest corner.
    """

    road_class: Annotated[_Name, Doc("the class of the road")]
    road_lines_class: Annotated[_Name, Doc("the class of its two sides")]
    min_road_area: Annotated[
        Annotated[float, Ge(1)],
        Doc("roads whose bounding box is smaller have no sides: px for a picture 1000 px wide, growing with its width"),
    ] = 1

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        check_shape(meta, self.road_class, shape="polygon", at="road_class")
        return add_class(meta, self.road_lines_class, shape="line", at="road_lines_class")

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        image = item.annotation.image
        least = self.min_road_area * image.width / 1000
        figures: list[Figure] = []
        for figure in item.annotation.figures:
            figures.append(figure)
            road = figure.shape
            if figure.class_name == self.road_class and isinstance(road, Polygon) and road.box.area >= least:
                figures += [Figure(self.road_lines_class, side) for side in find_sides(road, image)]
        yield replace(item, annotation=replace(item.annotation, figures=tuple(figures)))


def find_sides(road: Polygon, image: Size) -> list[Line]:
    """The left side and the right side, each with two points; none where its ends are one place."""
    hull = cv2.convexHull(road.exterior.astype(np.int32))[:, 0]  # up on the left, down on the right
    width, height = image.width, image.height
    left_low = _nearest(hull, (-_FAR, height * 0.7))
    right_low = _nearest(hull, (width + _FAR, height * 0.7))
    entry, leaving = _crossings(hull, image) if len(hull) > 7 else (None, None)
    left = (left_low, entry) if entry is not None else (_high(hull, left_low, (-_FAR, -_FAR)), left_low)
    right = (leaving, right_low) if leaving is not None else (_high(hull, right_low, (width + _FAR, -_FAR)), right_low)
    return [Line(np.array(side, float)) for side in (left, right) if not np.array_equal(*side)]


def _crossings(hull: np.ndarray, image: Size) -> tuple[np.ndarray | None, np.ndarray | None]:
    """The middles of the edges by which the hull, in its order, enters and leaves the upper triangle."""
    triangle = np.array([[image.width // 2, int(image.height / 1.75)], [0, 0], [image.width, 0]], np.int32)
    inside = [cv2.pointPolygonTest(triangle, (float(x), float(y)), False) >= 0 for x, y in hull]
    middles = [(hull[index] + hull[index - 1]) // 2 for index in range(len(hull))]
    entries = [middle for index, middle in enumerate(middles) if inside[index] and not inside[index - 1]]
    leavings = [middle for index, middle in enumerate(middles) if inside[index - 1] and not inside[index]]
    return (entries[0], leavings[0]) if entries else (None, None)


def _high(hull: np.ndarray, low: np.ndarray, place: tuple[float, float]) -> np.ndarray:
    """The corner nearest to a place high outside; if that is the low one, the nearest of the highest."""
    corner = _nearest(hull, place)
    return _nearest(hull[hull[:, 1] == hull[:, 1].min()], place) if np.array_equal(corner, low) else corner


def _nearest(corners: np.ndarray, place: tuple[float, float]) -> np.ndarray:
    return corners[np.argmin(np.linalg.norm(corners - np.array(place), axis=1))]
