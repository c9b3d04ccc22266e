"""Figures as other shapes: the conversion of every figure of some classes, drawn pixels, simpler paths."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from math import ceil, floor

import cv2
import numpy as np

from kittiseg.dtl.mapping import map_class, new_name, with_rest
from kittiseg.errors import DataError
from kittiseg.project.annotation import Figure
from kittiseg.project.geometry import Size, Window
from kittiseg.project.item import Item
from kittiseg.project.shapes import Bitmap, Line, Point, Polygon, Rectangle, Shape


def convert(
    item: Item,
    mapping: Mapping[str, str],
    change: Callable[[Shape], Iterable[Shape]],
    *,
    from_shapes: Collection[str] = (),
) -> Item:
    """The item after ``change`` of every figure whose class the mapping converts; others stay, or go where it says so.

    A new figure stands in its old one's place, without its tags and description. DataError where one has none of
    ``from_shapes``, which only a class of shape ``any`` can do.
    """
    figures: list[Figure] = []
    for figure in item.annotation.figures:
        new = new_name(figure.class_name, mapping)
        if new is not None:
            check_kind(item, figure, from_shapes)
            figures += [Figure(new, shape) for shape in change(figure.shape)]
        elif map_class(figure.class_name, with_rest(mapping)) is not None:
            figures.append(figure)
    return with_figures(item, figures)


def with_figures(item: Item, figures: Iterable[Figure]) -> Item:
    return replace(item, annotation=replace(item.annotation, figures=tuple(figures)))


def check_kind(item: Item, figure: Figure, shapes: Collection[str]) -> None:
    """DataError where a figure has none of the shapes that a layer can do; no shapes are all shapes."""
    if shapes and figure.shape.kind not in shapes:
        raise DataError(
            f"{item.key}: an object of class '{figure.class_name}' is a {figure.shape.kind}; this layer takes only "
            f"{' and '.join(shapes)} objects: leave the class out, or convert it before"
        )


def drawn(shape: Shape, image: Size, draw: Callable[[Shape, np.ndarray], None], *, margin: int = 0) -> Bitmap | None:
    """The pixels that ``draw`` sets in a mask (h, w) uint8, as if the mask were the whole picture; None for no pixel.

    The mask reaches only ``margin`` px beyond the shape. It begins at even coordinates, so that halves that are
    rounded to even numbers go the same way as on the whole picture.
    """
    box = shape.box
    left, top = (2 * floor((side - margin - 1) / 2) for side in (box.left, box.top))
    width, height = ceil(box.right) + margin + 2 - left, ceil(box.bottom) + margin + 2 - top
    around = Window(top=top, left=left, height=height, width=width).intersect(Window.whole(image))
    if around is None:
        return None
    mask_hw = np.zeros((around.height, around.width), np.uint8)
    draw(_moved(shape, right=-around.left, down=-around.top), mask_hw)
    return Bitmap.trimmed(mask_hw, top=around.top, left=around.left)


def filled(shape: Shape, image: Size) -> Bitmap | None:
    """The pixels that a shape covers on a picture, as a bitmap; None where it covers none."""
    if isinstance(shape, Bitmap):
        return next(iter(shape.crop(Window.whole(image))), None)
    return drawn(shape, image, lambda there, mask_hw: there.draw(mask_hw, 1))


def simplified(points: np.ndarray, epsilon: float, *, closed: bool) -> np.ndarray:
    """Fewer points, none of the others farther than ``epsilon`` px from the new path; cut off to whole px before.

    Douglas and Peucker, "Algorithms for the reduction of the number of points required to represent a digitized line",
    Cartographica 10 (1973). A closed path may collapse to one or two points.
    """
    return cv2.approxPolyDP(points.astype(np.int32), epsilon, closed)[:, 0].astype(float)


def _moved(shape: Shape, *, right: float, down: float) -> Shape:
    """A vector shape at another place, or a bitmap, by whole px."""
    by = np.array([right, down], float)
    if isinstance(shape, Bitmap):
        return Bitmap(top=shape.window.top + int(down), left=shape.window.left + int(right), mask_hw=shape.mask_hw)
    if isinstance(shape, Rectangle):
        return Rectangle(shape.left + right, shape.top + down, shape.right + right, shape.bottom + down)
    if isinstance(shape, Point):
        return Point(shape.x + right, shape.y + down)
    if isinstance(shape, Line):
        return Line(shape.points + by)
    assert isinstance(shape, Polygon)
    return Polygon(shape.exterior + by, tuple(hole + by for hole in shape.interior))
