"""``drop_lines_under_polygon``: of lines, only what lies outside some polygons stays."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Annotated, Any

import numpy as np
import shapely
from annotated_types import MinLen

from kittiseg.config import Doc, settings
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.mapping import check_shape
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.shapes import Line, Polygon

_Name = Annotated[str, MinLen(1)]


@settings
class DropLinesUnderPolygon(Transform):
    """Cuts the lines of a class off where a polygon of another class covers them.

    A line that passes under a polygon becomes two; its holes cover nothing. What is left of the lines comes after all
    other objects and keeps its tags, which the original lost. Lines that cross themselves stay whole; there they fell
    apart.
    """

    lines_class: Annotated[_Name, Doc("the class whose lines are cut")]
    polygons_class: Annotated[_Name, Doc("the class whose polygons cover them")]

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        check_shape(meta, self.lines_class, shape="line", at="lines_class")
        check_shape(meta, self.polygons_class, shape="polygon", at="polygons_class")
        return meta

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        figures = item.annotation.figures
        covers = [f.shape for f in figures if f.class_name == self.polygons_class and isinstance(f.shape, Polygon)]
        rests, others = [], []
        for figure in figures:
            if figure.class_name == self.lines_class and isinstance(figure.shape, Line):
                rests += [replace(figure, shape=line) for line in outside(figure.shape, covers)]
            else:
                others.append(figure)
        yield replace(item, annotation=replace(item.annotation, figures=(*others, *rests)))


def outside(line: Line, polygons: Sequence[Polygon]) -> list[Line]:
    """The parts of a line that no polygon covers, in its direction; the polygons' borders cover too."""
    covered = shapely.union_all([_region(polygon) for polygon in polygons])
    if not shapely.intersects(covered, shapely.LineString(line.points)):
        return [line]
    paths: list[list[np.ndarray]] = []
    for start, end in pairwise(line.points):  # one by one: shapely cuts a path also where it crosses itself
        for part in _parts(shapely.difference(shapely.LineString([start, end]), covered)):
            if np.linalg.norm(part[0] - start) > np.linalg.norm(part[-1] - start):
                part = part[::-1]
            if paths and np.array_equal(paths[-1][-1], part[0]):
                paths[-1] += list(part[1:])
            else:
                paths.append(list(part))
    return [Line(np.array(path)) for path in paths]


def _region(polygon: Polygon) -> Any:
    """Where an outline crosses itself, what the even-odd rule encloses."""
    holes = shapely.union_all([shapely.make_valid(shapely.Polygon(hole)) for hole in polygon.interior])
    return shapely.difference(shapely.make_valid(shapely.Polygon(polygon.exterior)), holes)


def _parts(geometry: Any) -> list[np.ndarray]:
    """The points of each piece of a segment, from one end to the other."""
    return [shapely.get_coordinates(part) for part in shapely.get_parts(geometry) if not part.is_empty]
