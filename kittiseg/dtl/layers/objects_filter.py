"""``objects_filter``: objects that are too small or too large go."""

import operator
from collections.abc import Iterator
from typing import Annotated, Literal

from annotated_types import Ge, Le

from kittiseg.config import Doc, settings
from kittiseg.dtl.figures import with_figures
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.project.geometry import Size
from kittiseg.project.item import Item
from kittiseg.project.shapes import Shape


@settings
class AreaSize:
    """The limit: ``percent``, or ``width`` and ``height``."""

    percent: Annotated[Annotated[float, Ge(0), Le(100)] | None, Doc("of the picture's px, covered by the object")] = (
        None
    )
    width: Annotated[Annotated[int, Ge(0)] | None, Doc("of the box around the object, in px")] = None
    height: Annotated[Annotated[int, Ge(0)] | None, Doc("of the box around the object, in px")] = None

    def __post_init__(self) -> None:
        if (self.width is None) != (self.height is None) or (self.percent is None) == (self.width is None):
            raise ValueError("give either 'percent', or 'width' and 'height'")


@settings
class PolygonSizes:
    """Which objects go."""

    filtering_classes: Annotated[tuple[str, ...], Doc("whose objects are judged, of whatever shape; all others stay")]
    area_size: Annotated[AreaSize, Doc("the limit; an object that just meets it stays")]
    action: Annotated[Literal["delete"], Doc("what becomes of the objects found")]
    comparator: Annotated[Literal["less", "greater"], Doc("whether smaller or larger objects are found")]


@settings
class FilterBy:
    """By what objects are found."""

    polygon_sizes: Annotated[PolygonSizes, Doc("by their size")]


@settings
class ObjectsFilter(Transform):
    """Drops objects by their size.

    With ``width`` and ``height``, one side beyond its limit is enough. With ``percent``, the area of a polygon is that
    of its outline, holes included, and lines and points have none. The action ``remap_class`` of the original of 2018
    was never written there and is refused here too.
    """

    filter_by: Annotated[FilterBy, Doc("by what objects are found")]

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        rule = self.filter_by.polygon_sizes
        kept = [
            figure
            for figure in item.annotation.figures
            if figure.class_name not in rule.filtering_classes or not is_beyond(figure.shape, rule, item.image.size)
        ]
        yield with_figures(item, kept)


def is_beyond(shape: Shape, rule: PolygonSizes, image: Size) -> bool:
    """Whether a shape on a picture is smaller (larger) than the limit: by area, or by one of its sides."""
    compare = operator.lt if rule.comparator == "less" else operator.gt
    limit = rule.area_size
    if limit.percent is not None:
        return compare(100.0 * shape.area / image.area, limit.percent)
    assert limit.width is not None
    assert limit.height is not None
    box = shape.box
    return compare(box.right - box.left, limit.width) or compare(box.bottom - box.top, limit.height)
