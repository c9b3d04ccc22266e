"""The five shapes that a figure can have. Each can be cropped, mirrored, drawn and written as JSON.

Coordinates are (x, y) in px, x to the right and y down, pixel (0, 0) covering 0..1. Vector shapes keep the floats that
they were read with. A rectangle spans ``right - left`` px (half-open) but is drawn with both of its corners, as the
label format has it.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import cv2
import numpy as np

from kittiseg.errors import DataError
from kittiseg.project import bitmap_codec
from kittiseg.project.geometry import Axis, Size, Window
from kittiseg.project.points import (
    clip_path,
    clip_polygon,
    mirror_points,
    points_json,
    read_points,
    read_rings,
    unclosed,
)


class Shape(Protocol):
    """What a figure looks like."""

    kind: ClassVar[str]

    def crop(self, window: Window) -> "list[Shape]":
        """What of it lies in the window, in the window's own coordinates; a polygon or line can fall into several."""

    def mirror(self, axis: Axis, image: Size) -> "Shape":
        """Its mirror image: ``vertical`` left for right (about the vertical axis), ``horizontal`` top for bottom."""

    def draw(self, labels_hw: np.ndarray, value: int) -> None:
        """Write ``value`` into the pixels that it covers."""

    @property
    def area(self) -> float:
        """Px covered: set pixels, shoelace area of a polygon's outline, width x height; 0 for lines and points."""

    def to_json(self) -> dict[str, Any]: ...


class Bitmap:
    """A mask that lies at a place of the picture. The encoded text is decoded when the pixels are first asked for."""

    kind: ClassVar[str] = "bitmap"
    __slots__ = ("_mask_hw", "_text", "window")

    def __init__(self, *, top: int, left: int, mask_hw: np.ndarray | None = None, text: str | None = None) -> None:
        if mask_hw is not None:
            size = Size(height=mask_hw.shape[0], width=mask_hw.shape[1])
        elif text is not None:
            size = bitmap_codec.decoded_size(text)
        else:
            raise ValueError("a bitmap needs a mask or its encoded text")
        self.window = Window(top=top, left=left, height=size.height, width=size.width)
        self._mask_hw = None if mask_hw is None else mask_hw.astype(bool, copy=False)
        self._text = text

    @classmethod
    def trimmed(cls, mask_hw: np.ndarray, *, top: int = 0, left: int = 0) -> "Bitmap | None":
        """The mask without its empty margins, or None where nothing is set."""
        x, y, width, height = cv2.boundingRect(mask_hw.view(np.uint8))
        if width == 0:
            return None
        return cls(top=top + y, left=left + x, mask_hw=mask_hw[y : y + height, x : x + width])

    @property
    def mask_hw(self) -> np.ndarray:
        if self._mask_hw is None:
            assert self._text is not None
            self._mask_hw = bitmap_codec.decode(self._text)
        return self._mask_hw

    @property
    def area(self) -> float:
        return float(np.count_nonzero(self.mask_hw))

    def crop(self, window: Window) -> list[Shape]:
        inside = self.window.intersect(window)
        if inside is None:
            return []
        part_hw = self.mask_hw[inside.moved(down=-self.window.top, right=-self.window.left).slices]
        found = Bitmap.trimmed(part_hw, top=inside.top - window.top, left=inside.left - window.left)
        if found is None:
            return []
        return [self if found.window == self.window else found]  # itself with its text, where nothing is lost or moved

    def mirror(self, axis: Axis, image: Size) -> "Bitmap":
        if axis == "vertical":
            left = image.width - self.window.right
            return Bitmap(top=self.window.top, left=left, mask_hw=np.ascontiguousarray(self.mask_hw[:, ::-1]))
        top = image.height - self.window.bottom
        return Bitmap(top=top, left=self.window.left, mask_hw=np.ascontiguousarray(self.mask_hw[::-1]))

    def draw(self, labels_hw: np.ndarray, value: int) -> None:
        whole = Window(top=0, left=0, height=labels_hw.shape[0], width=labels_hw.shape[1])
        inside = self.window.intersect(whole)
        if inside is not None:
            mask_hw = self.mask_hw[inside.moved(down=-self.window.top, right=-self.window.left).slices]
            labels_hw[inside.slices][mask_hw] = value

    def to_json(self) -> dict[str, Any]:
        if self._text is None:
            self._text = bitmap_codec.encode(self.mask_hw)
        return {"bitmap": {"origin": [self.window.left, self.window.top], "data": self._text}}

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Bitmap)
            and self.window == other.window
            and bool(np.array_equal(self.mask_hw, other.mask_hw))
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Bitmap({self.window})"


@dataclass(frozen=True, slots=True, eq=False)
class Polygon:
    """An outline with holes. ``exterior``: (n, 2) floats, n >= 3, not closed; ``interior``: such arrays, one a hole."""

    kind: ClassVar[str] = "polygon"
    exterior: np.ndarray
    interior: tuple[np.ndarray, ...] = ()

    @property
    def area(self) -> float:
        x, y = self.exterior[:, 0], self.exterior[:, 1]
        return float(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2)

    def crop(self, window: Window) -> list[Shape]:
        """Where the outline crosses itself, what :meth:`draw` fills (the even-odd rule) decides what is inside."""
        return [Polygon(*rings) for rings in clip_polygon(self.exterior, self.interior, window)]

    def mirror(self, axis: Axis, image: Size) -> "Polygon":
        holes = tuple(mirror_points(hole, axis, image) for hole in self.interior)
        return Polygon(mirror_points(self.exterior, axis, image), holes)

    def draw(self, labels_hw: np.ndarray, value: int) -> None:
        """Rounded outline, filled; holes cut out, their own outline belonging to the polygon."""
        exterior = np.round(self.exterior).astype(np.int32)
        holes = [np.round(hole).astype(np.int32) for hole in self.interior]
        if not holes:
            cv2.fillPoly(labels_hw, [exterior], value)
            return
        mask_hw = np.zeros(labels_hw.shape, np.uint8)
        cv2.fillPoly(mask_hw, [exterior], 1)
        for hole in holes:  # one by one: where two overlap, together they would fill again
            cv2.fillPoly(mask_hw, [hole], 0)
        cv2.drawContours(mask_hw, holes, -1, 1)
        labels_hw[mask_hw != 0] = value

    def to_json(self) -> dict[str, Any]:
        return points_json(self.exterior, self.interior)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Polygon)
            and np.array_equal(self.exterior, other.exterior)
            and len(self.interior) == len(other.interior)
            and all(map(np.array_equal, self.interior, other.interior))
        )


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Sides in px, ``left <= right`` and ``top <= bottom``."""

    kind: ClassVar[str] = "rectangle"
    left: float
    top: float
    right: float
    bottom: float

    @property
    def area(self) -> float:
        return (self.right - self.left) * (self.bottom - self.top)

    def crop(self, window: Window) -> list[Shape]:
        left, right = max(self.left, window.left), min(self.right, window.right)
        top, bottom = max(self.top, window.top), min(self.bottom, window.bottom)
        if left >= right or top >= bottom:
            return []
        return [Rectangle(left - window.left, top - window.top, right - window.left, bottom - window.top)]

    def mirror(self, axis: Axis, image: Size) -> "Rectangle":
        if axis == "vertical":
            return Rectangle(image.width - self.right, self.top, image.width - self.left, self.bottom)
        return Rectangle(self.left, image.height - self.bottom, self.right, image.height - self.top)

    def draw(self, labels_hw: np.ndarray, value: int) -> None:
        """Both corners included, halves rounded up."""
        left, top, right, bottom = (int(np.floor(v + 0.5)) for v in (self.left, self.top, self.right, self.bottom))
        labels_hw[max(top, 0) : max(bottom + 1, 0), max(left, 0) : max(right + 1, 0)] = value

    def to_json(self) -> dict[str, Any]:
        return points_json(np.array([[self.left, self.top], [self.right, self.bottom]]))


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A path through ``points``: (n, 2) floats, n >= 2. It has no area and is drawn 1 px wide."""

    kind: ClassVar[str] = "line"
    points: np.ndarray
    area: ClassVar[float] = 0.0

    def crop(self, window: Window) -> list[Shape]:
        """Direction and self-crossings stay; a line that leaves and comes back is several."""
        return [Line(path) for path in clip_path(self.points, window)]

    def mirror(self, axis: Axis, image: Size) -> "Line":
        return Line(mirror_points(self.points, axis, image))

    def draw(self, labels_hw: np.ndarray, value: int) -> None:
        cv2.polylines(labels_hw, [np.round(self.points).astype(np.int32)], False, value)

    def to_json(self) -> dict[str, Any]:
        return points_json(self.points)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Line) and np.array_equal(self.points, other.points)


@dataclass(frozen=True, slots=True)
class Point:
    """One place. It has no area and is drawn as one pixel."""

    kind: ClassVar[str] = "point"
    x: float
    y: float
    area: ClassVar[float] = 0.0

    def crop(self, window: Window) -> list[Shape]:
        """The right and the bottom border belong to the window, else a mirrored point on the left one were lost."""
        inside = window.left <= self.x <= window.right and window.top <= self.y <= window.bottom
        return [Point(self.x - window.left, self.y - window.top)] if inside else []

    def mirror(self, axis: Axis, image: Size) -> "Point":
        if axis == "vertical":
            return Point(image.width - self.x, self.y)
        return Point(self.x, image.height - self.y)

    def draw(self, labels_hw: np.ndarray, value: int) -> None:
        x, y = round(self.x), round(self.y)
        if 0 <= y < labels_hw.shape[0] and 0 <= x < labels_hw.shape[1]:
            labels_hw[y, x] = value

    def to_json(self) -> dict[str, Any]:
        return points_json(np.array([[self.x, self.y]]))


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
