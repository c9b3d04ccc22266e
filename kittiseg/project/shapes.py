"""The five shapes that a figure can have. Each can be cropped, mirrored, moved, drawn and written as JSON.

Coordinates are (x, y) in px, x to the right and y down, pixel (0, 0) covering 0..1. Vector shapes keep the floats that
they were read with. A rectangle spans ``right - left`` px (half-open) but is drawn with both of its corners, as the
label format has it.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol

import numpy as np

from kittiseg.errors import DataError
from kittiseg.project.bitmap import Bitmap
from kittiseg.project.geometry import Axis, Size, Window
from kittiseg.project.motions import Motion
from kittiseg.project.points import read_points, read_rings, unclosed
from kittiseg.project.vectors import Line, Point, Polygon, Rectangle


class Shape(Protocol):
    """What a figure looks like."""

    kind: ClassVar[str]

    def crop(self, window: Window) -> "Sequence[Shape]":
        """What of it lies in the window, in the window's own coordinates; a polygon or line can fall into several."""

    def mirror(self, axis: Axis, image: Size) -> "Shape":
        """Its mirror image: ``vertical`` left for right (about the vertical axis), ``horizontal`` top for bottom."""

    def move(self, motion: Motion) -> "Sequence[Shape]":
        """It where a motion of the whole picture puts it, not clipped; perhaps nothing is left of a bitmap."""

    def draw(self, labels_hw: np.ndarray, value: int) -> None:
        """Write ``value`` into the pixels that it covers."""

    @property
    def area(self) -> float:
        """Px covered: set pixels, shoelace area of a polygon's outline, width x height; 0 for lines and points."""

    @property
    def box(self) -> Rectangle:
        """The smallest upright rectangle around it."""

    def to_json(self) -> dict[str, Any]: ...


def shape_from_json(kind: str, document: dict[str, Any]) -> Shape:
    """The shape of an object in an annotation; ``kind`` is the shape of its class.

    A rectangle has two opposite corners in any order; holes of fewer than three points are none; a ring that ends
    where it began loses that point.
    """
    if kind not in SHAPES:
        raise DataError(f"shape '{kind}' is not known here; known: {', '.join(SHAPES)}")
    if kind == "bitmap":
        return _bitmap_from_json(document.get("bitmap"))
    exterior, interior = read_rings(document.get("points"))
    if kind == "polygon" and len(exterior) >= 3:
        return Polygon(unclosed(exterior), tuple(unclosed(hole) for hole in interior if len(hole) >= 3))
    if kind == "rectangle" and len(exterior) >= 2:
        (left, top), (right, bottom) = exterior[:2].min(axis=0), exterior[:2].max(axis=0)
        return Rectangle(float(left), float(top), float(right), float(bottom))
    if kind == "line" and len(exterior) >= 2:
        return Line(exterior)
    if kind == "point" and len(exterior) >= 1:
        return Point(float(exterior[0, 0]), float(exterior[0, 1]))
    raise DataError(f"a {kind} cannot have {len(exterior)} points")


SHAPES: dict[str, type] = {"bitmap": Bitmap, "polygon": Polygon, "rectangle": Rectangle, "line": Line, "point": Point}


def _bitmap_from_json(document: Any) -> Bitmap:
    if not isinstance(document, dict) or not isinstance(document.get("data"), str):
        raise DataError("a bitmap needs 'bitmap' with a text 'data'")
    origin = read_points([document.get("origin") or (0, 0)])
    return Bitmap(left=round(float(origin[0, 0])), top=round(float(origin[0, 1])), text=document["data"])
