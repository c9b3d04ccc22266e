"""Bitmaps laid over one another."""

from collections.abc import Iterable

import numpy as np

from kittiseg.project.geometry import Window
from kittiseg.project.shapes import Bitmap


def laid_out(bitmap: Bitmap, window: Window) -> np.ndarray:
    """What of a bitmap lies in a window, as a mask (h, w) of its size."""
    mask_hw = np.zeros((window.height, window.width), bool)
    place = bitmap.window.moved(down=-window.top, right=-window.left)
    Bitmap(top=place.top, left=place.left, mask_hw=bitmap.mask_hw).draw(mask_hw, True)
    return mask_hw


def window_around(bitmaps: Iterable[Bitmap]) -> Window:
    """The smallest window that holds all of them, of which there is one at least."""
    windows = [bitmap.window for bitmap in bitmaps]
    top, left = min(window.top for window in windows), min(window.left for window in windows)
    bottom, right = max(window.bottom for window in windows), max(window.right for window in windows)
    return Window(top=top, left=left, height=bottom - top, width=right - left)
