"""``merge_lines``: lines that go on where another one ends become one."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le, MinLen

from kittiseg.config import Doc, settings
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.mapping import check_shape
from kittiseg.project.annotation import Figure
from kittiseg.project.item import Item
from kittiseg.project.lengths import check_lengths, exact_px
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.shapes import Line


@settings
class MergeLines(Transform):
    """Joins lines of a class whose ends are near each other and which go on in nearly the same direction.

    The first line takes up the others, in their order, as long as one fits; then the next one does. Joined lines come
    after all other objects and bear the tags of both, which the original lost. Lines that touch are joined too; there
    they were not. Of the two sets of settings that the original had in turn, this is the later one.
    """

    lines_class: Annotated[Annotated[str, MinLen(1)], Doc("the class whose lines are joined")]
    maximal_angle: Annotated[
        Annotated[float, Ge(0), Le(180)], Doc("the widest bend between the two where they meet, in degrees")
    ]
    max_ends_distance: Annotated[
        str, Doc('how far apart the two ends may be: "20px", or "5%" of the mean of the picture\'s width and height')
    ]
    max_ortho_distance_coefficient: Annotated[
        Annotated[float, Ge(0)],
        Doc("how far one may lie beside the other's straight continuation, in parts of the distance of their ends"),
    ]

    def __post_init__(self) -> None:
        check_lengths(max_ends_distance=self.max_ends_distance)

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        check_shape(meta, self.lines_class, shape="line", at="lines_class")
        return meta

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        size = item.annotation.image
        reach = exact_px(self.max_ends_distance, (size.width + size.height) / 2)
        figures = item.annotation.figures
        lines = [f for f in figures if f.class_name == self.lines_class and isinstance(f.shape, Line)]
        others = [f for f in figures if f.class_name != self.lines_class or not isinstance(f.shape, Line)]
        merged = self._merge(lines, reach)
        yield replace(item, annotation=replace(item.annotation, figures=(*others, *merged)))

    def _merge(self, lines: list[Figure], reach: float) -> list[Figure]:
        waiting, done = list(lines), []
        while waiting:
            first = waiting.pop(0)
            tries = (self._join(first, other, reach) for other in waiting)
            index, joined = next(((i, made) for i, made in enumerate(tries) if made is not None), (-1, first))
            if index < 0:
                done.append(first)
            else:
                waiting.pop(index)
                waiting.insert(0, joined)
        return done

    def _join(self, one: Figure, other: Figure, reach: float) -> Figure | None:
        assert isinstance(one.shape, Line)
        assert isinstance(other.shape, Line)
        points = join(
            one.shape.points,
            other.shape.points,
            max_gap=reach,
            max_angle=self.maximal_angle,
            max_aside=self.max_ortho_distance_coefficient,
        )
        if points is None:
            return None
        return replace(one, shape=Line(points), tags=tuple(dict.fromkeys((*one.tags, *other.tags))))


def join(
    one: np.ndarray, other: np.ndarray, *, max_gap: float, max_angle: float, max_aside: float
) -> np.ndarray | None:
    """Two paths (n, 2) as one, joined at their nearest ends; None where they do not fit.

    Both are seen in the direction in which ``one`` ends at the gap and ``other`` begins there. ``max_angle`` bounds
    the bend in degrees; ``max_aside``, in parts of the gap, how far ``other`` begins beside the straight continuation
    of ``one``. It must begin beyond the end of ``one``, or at it.
    """
    one, other = _distinct(one), _distinct(other)
    turns = [(one[::-1], other), (one[::-1], other[::-1]), (one, other), (one, other[::-1])]
    gaps = [math.dist(here[-1], there[0]) for here, there in turns]
    nearest = gaps.index(min(gaps))
    (here, there), gap = turns[nearest], gaps[nearest]
    if gap > max_gap or min(len(here), len(there)) < 2 or _bend(here[-1] - here[-2], there[1] - there[0]) > max_angle:
        return None
    if gap > 0 and not _goes_on(here, there[0], gap, max_aside):
        return None
    path = np.concatenate([here, there[1:] if gap == 0 else there])
    return path[::-1] if nearest == 1 else path  # as ``one`` and ``other`` ran, where both run the same way


def _goes_on(here: np.ndarray, start: np.ndarray, gap: float, max_aside: float) -> bool:
    before, end = here[-2], here[-1]
    last, reached = math.dist(before, end), math.dist(before, start)
    if not reached > max(last, gap):
        return False
    (ux, uy), (vx, vy) = end - before, start - before
    return bool(abs(ux * vy - uy * vx) / last < gap * max_aside)


def _distinct(path: np.ndarray) -> np.ndarray:
    """Without points that repeat the one before."""
    return path[np.concatenate([[True], np.diff(path, axis=0).any(axis=1)])]


def _bend(one: np.ndarray, other: np.ndarray) -> float:
    cosine = float(one @ other) / math.hypot(*one) / math.hypot(*other)
    return math.degrees(math.acos(min(max(cosine, -1.0), 1.0)))
