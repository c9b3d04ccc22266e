"""``drop_lines_under_polygon``: of lines, only what lies outside some polygons stays."""

import math
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
        for first, last in _uncovered(start, end, covered):
            if not (paths and np.array_equal(paths[-1][-1], first)):
                paths.append([first])
            paths[-1].append(last)
    return [Line(np.array(path)) for path in paths]


def _region(polygon: Polygon) -> Any:
    """Where an outline crosses itself, what the even-odd rule encloses."""
    holes = shapely.union_all([shapely.make_valid(shapely.Polygon(hole)) for hole in polygon.interior])
    return shapely.difference(shapely.make_valid(shapely.Polygon(polygon.exterior)), holes)


def _uncovered(start: np.ndarray, end: np.ndarray, covered: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    """The two ends of each piece of a segment that is left, on the way from ``start`` to ``end``."""
    rest = shapely.difference(shapely.LineString([start, end]), covered)
    pieces = [shapely.get_coordinates(part) for part in shapely.get_parts(rest) if part.length > 0]
    on_the_way = [sorted((piece[0], piece[-1]), key=lambda end: math.dist(start, end)) for piece in pieces]
    return sorted(((first, last) for first, last in on_the_way), key=lambda ends: math.dist(start, ends[0]))
