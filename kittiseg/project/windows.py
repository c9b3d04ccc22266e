"""Where windows lie on a picture that is larger than they are."""

from typing import Annotated

from annotated_types import Ge

from kittiseg.config import Doc, settings
from kittiseg.project.geometry import Size, Window

_Right = Annotated[int, Ge(0), Doc("with the next one to the right, px")]
_Below = Annotated[int, Ge(0), Doc("with the next one below, px")]


@settings
class Overlap:
    """How many px a window shares with its neighbour at least."""

    x: _Right
    y: _Below

    @property
    def size(self) -> Size:
        return Size(height=self.y, width=self.x)


@settings
class MinOverlap(Overlap):
    """An overlap of 0 px along an axis of which nothing is said."""

    x: _Right = 0
    y: _Below = 0


def place_windows(image: Size, window: Size, min_overlap: Size) -> list[Window]:
    """Windows from the top left, rows outer, columns inner, each axis in steps of ``window - min_overlap``.

    The last window of an axis is moved back to end where the picture ends, so that only its overlap is larger: it
    takes ceil((image - window) / stride) + 1 of them. ValueError where the window is larger than the picture, or the
    overlap as large as the window.
    """
    tops = window_starts(image.height, window.height, min_overlap.height, axis="high")
    lefts = window_starts(image.width, window.width, min_overlap.width, axis="wide")
    return [Window(top=top, left=left, height=window.height, width=window.width) for top in tops for left in lefts]


def window_starts(length: int, window: int, overlap: int, *, axis: str = "long") -> list[int]:
    """Where the windows along one axis begin: as :func:`place_windows`. ``axis`` is a word for errors."""
    stride = window - overlap
    if stride < 1:
        raise ValueError(f"an overlap of {overlap} px leaves a window {window} px {axis} no step; make it smaller")
    if not 1 <= window <= length:
        raise ValueError(f"the window is {window} px {axis} but the picture {length}; make the window smaller, or pad")
    last = length - window
    return [*range(0, last, stride), last]
