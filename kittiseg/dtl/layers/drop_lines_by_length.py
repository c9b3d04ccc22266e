"""``drop_lines_by_length``: lines that are too short or too long go."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import numpy as np
from annotated_types import Ge, MinLen

from kittiseg.config import Doc, settings
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.mapping import check_shape
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.shapes import Line

_Px = Annotated[float, Ge(0)]


@settings
class DropLinesByLength(Transform):
    """Keeps the lines of a class whose length is in a range, both ends included; a path counts with all its parts."""

    lines_class: Annotated[Annotated[str, MinLen(1)], Doc("the class whose lines are measured")]
    min_length: Annotated[_Px | None, Doc("shorter lines go, px")] = None
    max_length: Annotated[_Px | None, Doc("longer lines go, px")] = None
    invert: Annotated[bool, Doc("the other way round: the lines in the range go")] = False
    resolution_compensation: Annotated[
        bool, Doc("the lengths are meant for a picture 1000 px wide and grow with the picture's width")
    ] = False

    def __post_init__(self) -> None:
        if self.min_length is None and self.max_length is None:
            raise ValueError("give 'min_length', 'max_length' or both")

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        check_shape(meta, self.lines_class, shape="line", at="lines_class")
        return meta

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        scale = item.annotation.image.width / 1000 if self.resolution_compensation else 1.0
        kept = tuple(
            figure
            for figure in item.annotation.figures
            if figure.class_name != self.lines_class
            or not isinstance(figure.shape, Line)
            or self._stays(length_px(figure.shape), scale)
        )
        yield replace(item, annotation=replace(item.annotation, figures=kept))

    def _stays(self, length: float, scale: float) -> bool:
        least = 0.0 if self.min_length is None else self.min_length * scale
        most = np.inf if self.max_length is None else self.max_length * scale
        return (least <= length <= most) != self.invert


def length_px(line: Line) -> float:
    """The sum of the lengths of a path's parts."""
    return float(np.linalg.norm(np.diff(line.points, axis=0), axis=1).sum())
