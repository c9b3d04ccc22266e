"""Which part of a picture is scored by which windows, and the pixels that a window is shown."""

from dataclasses import dataclass

import cv2
import numpy as np

from kittiseg.inference.grid import Grid
from kittiseg.project.geometry import Size, Window
from kittiseg.project.pixels import LazyImage


@dataclass(frozen=True)
class Region:
    """A part of a picture, ``place``, and the grid of windows on it.

    Where a window is larger than the place, the grid lies on a canvas: the place, reflected at its sides until it is as
    large. ``input_size``: what windows are resized to for the network; None for its own input.
    """

    place: Window
    grid: Grid
    input_size: Size | None = None

    @property
    def inner(self) -> Window:
        """Where the place lies on the canvas. Half of what is padded is on each side, the odd px below and right."""
        canvas, size = self.grid.canvas, self.place.size
        top, left = (canvas.height - size.height) // 2, (canvas.width - size.width) // 2
        return Window(top=top, left=left, height=size.height, width=size.width)

    def shown(self, window: Window) -> Window | None:
        """What of the picture a window of the grid shows; None where that is nothing but padding."""
        inside = window.intersect(self.inner)
        return inside and inside.moved(down=self.place.top - self.inner.top, right=self.place.left - self.inner.left)

    def cut(self, image: LazyImage, window: Window) -> np.ndarray:
        """The pixels of a window of the grid, RGB uint8 (h, w, 3)."""
        shown, inner = self.shown(window), self.inner
        assert shown is not None, "an axis is padded only where one window covers all of it"
        pixels_hwc = image.crop(shown).pixels()
        missing = (
            max(inner.top - window.top, 0),
            max(window.bottom - inner.bottom, 0),
            max(inner.left - window.left, 0),
            max(window.right - inner.right, 0),
        )
        return pad_by_reflection(pixels_hwc, missing) if any(missing) else pixels_hwc


def pad_by_reflection(image_hwc: np.ndarray, missing: tuple[int, int, int, int]) -> np.ndarray:
    """So many px more above, below, left and right.

    The reflection does not repeat the outermost row; where more is missing than there are rows it swings back and
    forth, so that a picture of one pixel becomes a plain one.
    """
    return cv2.copyMakeBorder(image_hwc, *missing, cv2.BORDER_REFLECT_101)
