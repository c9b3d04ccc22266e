"""Vector shapes: polygons, rectangles, lines and points, with the floats that they were read with."""

import math
from dataclasses import astuple, dataclass
from typing import Any, ClassVar

import cv2
import numpy as np

from kittiseg.project.geometry import Axis, Size, Window
from kittiseg.project.motions import Motion
from kittiseg.project.points import clip_path, clip_polygon, mirror_points, points_json


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

    @property
    def box(self) -> "Rectangle":
        """Holes count, though they should lie inside."""
        return Rectangle.around(np.vstack([self.exterior, *self.interior]))

    def crop(self, window: Window) -> "list[Polygon]":
        """Where the outline crosses itself, what :meth:`draw` fills (the even-odd rule) decides what is inside."""
        return [Polygon(*rings) for rings in clip_polygon(self.exterior, self.interior, window)]

    def mirror(self, axis: Axis, image: Size) -> "Polygon":
        holes = tuple(mirror_points(hole, axis, image) for hole in self.interior)
        return Polygon(mirror_points(self.exterior, axis, image), holes)

    def move(self, motion: Motion) -> "list[Polygon]":
        return [Polygon(motion.points(self.exterior), tuple(map(motion.points, self.interior)))]

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

    @classmethod
    def around(cls, points: np.ndarray) -> "Rectangle":
        """The smallest one that holds (n, 2) points."""
        return cls(*map(float, (*points.min(axis=0), *points.max(axis=0))))

    @property
    def area(self) -> float:
        return (self.right - self.left) * (self.bottom - self.top)

    @property
    def box(self) -> "Rectangle":
        return self

    @property
    def window(self) -> Window:
        """The sides rounded to whole px, halves up; of no area where two sides meet."""
        left, top, right, bottom = (math.floor(side + 0.5) for side in astuple(self))
        return Window(top=top, left=left, height=bottom - top, width=right - left)

    def crop(self, window: Window) -> "list[Rectangle]":
        left, right = max(self.left, window.left), min(self.right, window.right)
        top, bottom = max(self.top, window.top), min(self.bottom, window.bottom)
        if left >= right or top >= bottom:
            return []
        return [Rectangle(left - window.left, top - window.top, right - window.left, bottom - window.top)]

    def mirror(self, axis: Axis, image: Size) -> "Rectangle":
        if axis == "vertical":
            return Rectangle(image.width - self.right, self.top, image.width - self.left, self.bottom)
        return Rectangle(self.left, image.height - self.bottom, self.right, image.height - self.top)

    def move(self, motion: Motion) -> "list[Rectangle]":
        """A turned one becomes the upright one around its corners."""
        left, top, right, bottom = astuple(self)
        corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
        return [Rectangle.around(motion.points(corners))]

    def draw(self, labels_hw: np.ndarray, value: int) -> None:
        """Both corners included, halves rounded up."""
        inside = self.window
        rows = slice(max(inside.top, 0), max(inside.bottom + 1, 0))
        labels_hw[rows, max(inside.left, 0) : max(inside.right + 1, 0)] = value

    def to_json(self) -> dict[str, Any]:
        return points_json(np.array([[self.left, self.top], [self.right, self.bottom]]))


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A path through ``points``: (n, 2) floats, n >= 2. It has no area and is drawn 1 px wide."""

    kind: ClassVar[str] = "line"
    points: np.ndarray
    area: ClassVar[float] = 0.0

    @property
    def box(self) -> Rectangle:
        return Rectangle.around(self.points)

    def crop(self, window: Window) -> "list[Line]":
        """Direction and self-crossings stay; a line that leaves and comes back is several."""
        return [Line(path) for path in clip_path(self.points, window)]

    def mirror(self, axis: Axis, image: Size) -> "Line":
        return Line(mirror_points(self.points, axis, image))

    def move(self, motion: Motion) -> "list[Line]":
        return [Line(motion.points(self.points))]

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

    @property
    def box(self) -> Rectangle:
        return Rectangle(self.x, self.y, self.x, self.y)

    def crop(self, window: Window) -> "list[Point]":
        """The right and the bottom border belong to the window, else a mirrored point on the left one were lost."""
        inside = window.left <= self.x <= window.right and window.top <= self.y <= window.bottom
        return [Point(self.x - window.left, self.y - window.top)] if inside else []

    def mirror(self, axis: Axis, image: Size) -> "Point":
        if axis == "vertical":
            return Point(image.width - self.x, self.y)
        return Point(self.x, image.height - self.y)

    def move(self, motion: Motion) -> "list[Point]":
        ((x, y),) = motion.points(np.array([[self.x, self.y]]))
        return [Point(float(x), float(y))]

    def draw(self, labels_hw: np.ndarray, value: int) -> None:
        x, y = round(self.x), round(self.y)
        if 0 <= y < labels_hw.shape[0] and 0 <= x < labels_hw.shape[1]:
            labels_hw[y, x] = value

    def to_json(self) -> dict[str, Any]:
        return points_json(np.array([[self.x, self.y]]))
