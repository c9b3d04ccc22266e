"""Sizes, windows and views in whole pixels."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

Axis = Literal["vertical", "horizontal"]
"""About which a picture is mirrored: ``vertical`` turns left for right, ``horizontal`` top for bottom."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Size:
    """Height and width in px. Only an overlap of windows may be negative: it is then the gap between them."""

    height: int
    width: int

    @property
    def area(self) -> int:
        return self.height * self.width

    def __str__(self) -> str:
        return f"{self.width} x {self.height}"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Window:
    """A rectangle of whole pixels, half-open: rows top..top+height-1, columns left..left+width-1.

    It may begin above or left of the picture, as figures do that stick out of it.
    """

    top: int
    left: int
    height: int
    width: int

    def __post_init__(self) -> None:
        _refuse_negative(self.height, self.width)

    @classmethod
    def whole(cls, size: Size) -> "Window":
        return cls(top=0, left=0, height=size.height, width=size.width)

    @property
    def bottom(self) -> int:
        return self.top + self.height

    @property
    def right(self) -> int:
        return self.left + self.width

    @property
    def size(self) -> Size:
        return Size(height=self.height, width=self.width)

    @property
    def area(self) -> int:
        return self.height * self.width

    @property
    def slices(self) -> tuple[slice, slice]:
        """Indexes an array: ``image_hwc[window.slices]`` is a view. ValueError where it begins outside."""
        if self.top < 0 or self.left < 0:
            raise ValueError(
                f"{self} begins at row {self.top}, column {self.left}: intersect it with the picture first"
            )
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def moved(self, *, down: int = 0, right: int = 0) -> "Window":
        return Window(top=self.top + down, left=self.left + right, height=self.height, width=self.width)

    def intersect(self, other: "Window") -> "Window | None":
        """What both cover, or None where they share no pixel."""
        top, left = max(self.top, other.top), max(self.left, other.left)
        height = min(self.bottom, other.bottom) - top
        width = min(self.right, other.right) - left
        if height <= 0 or width <= 0:
            return None
        return Window(top=top, left=left, height=height, width=width)

    def contains(self, other: "Window") -> bool:
        return self.intersect(other) == other


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A window of a picture as it is seen: mirrored after it was cut, left for right, top for bottom, or both."""

    window: Window
    left_right: bool = False
    top_bottom: bool = False

    @classmethod
    def whole(cls, size: Size) -> "View":
        return cls(window=Window.whole(size))

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "View":
        left, top, width, height = document["window"]
        mirrored = document.get("mirrored", ())
        window = Window(top=top, left=left, height=height, width=width)
        return cls(window=window, left_right="vertical" in mirrored, top_bottom="horizontal" in mirrored)

    def to_json(self) -> dict[str, Any]:
        """``{"window": [left, top, width, height], "mirrored": ["vertical"]}``, the latter where it is."""
        window = [self.window.left, self.window.top, self.window.width, self.window.height]
        return {"window": window, **({"mirrored": list(self.axes)} if self.axes else {})}

    @property
    def size(self) -> Size:
        return self.window.size

    @property
    def axes(self) -> tuple[Axis, ...]:
        """About which it is mirrored."""
        return (*(("vertical",) if self.left_right else ()), *(("horizontal",) if self.top_bottom else ()))

    def shows_all(self, size: Size) -> bool:
        """Whether it is a picture of this size, unchanged."""
        return self == View.whole(size)

    def crop(self, window: Window) -> "View":
        """``window`` of what is seen here. ValueError where it leaves it."""
        if not Window.whole(self.size).contains(window):
            raise ValueError(f"{window} is not inside a view of {self.size} px")
        left = self.size.width - window.right if self.left_right else window.left
        top = self.size.height - window.bottom if self.top_bottom else window.top
        inside = Window(top=top, left=left, height=window.height, width=window.width)
        return replace(self, window=inside.moved(down=self.window.top, right=self.window.left))

    def mirror(self, axis: Axis) -> "View":
        if axis == "vertical":
            return replace(self, left_right=not self.left_right)
        return replace(self, top_bottom=not self.top_bottom)


def _refuse_negative(height: int, width: int) -> None:
    if height < 0 or width < 0:
        raise ValueError(f"{height} rows and {width} columns: a length cannot be negative")
