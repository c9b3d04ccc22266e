"""``approx_vector``: polygons and lines with fewer points."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from annotated_types import Gt, Le

from kittiseg.config import Doc, settings
from kittiseg.dtl.figures import check_kind, simplified, with_figures
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.mapping import check_shapes
from kittiseg.project.annotation import Figure
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.shapes import Line, Polygon, Shape

_SHAPES = ("polygon", "line")


@settings
class ApproxVector(Transform):
    """Leaves out points of polygons and lines that are near the path without them.

    Coordinates are cut off to whole px before. A ring that collapses to fewer than three points goes, an object with
    its outer ring.
    """

    classes: Annotated[tuple[str, ...], Doc("classes of polygons and lines")]
    epsilon: Annotated[float, Gt(0), Le(1e6), Doc("how many px the new path may be away from the old one")]

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        check_shapes(meta, self.classes, shapes=_SHAPES, at="classes")
        return meta

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        yield with_figures(item, (new for figure in item.annotation.figures for new in self._approximate(item, figure)))

    def _approximate(self, item: Item, figure: Figure) -> list[Figure]:
        if figure.class_name not in self.classes:
            return [figure]
        check_kind(item, figure, _SHAPES)
        return [replace(figure, shape=shape) for shape in approximate(figure.shape, epsilon=self.epsilon)]


def approximate(shape: Shape, *, epsilon: float) -> list[Shape]:
    """A polygon or line with fewer points, or nothing where it collapses."""
    if isinstance(shape, Line):
        points = simplified(shape.points, epsilon, closed=False)
        return [Line(points)] if len(points) >= 2 else []
    assert isinstance(shape, Polygon)
    exterior, *holes = (simplified(ring, epsilon, closed=True) for ring in (shape.exterior, *shape.interior))
    return [Polygon(exterior, tuple(hole for hole in holes if len(hole) >= 3))] if len(exterior) >= 3 else []
