"""Motions: how a picture of one size becomes one of another, with everything on it.

A motion says where pixels go and where points go, so that pictures and figures cannot part. Coordinates are (x, y) in
px as in :mod:`kittiseg.project.shapes`.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import cv2
import numpy as np

from kittiseg.project.geometry import Size, Window


class Motion(Protocol):
    """What moves a picture and the figures on it."""

    @property
    def source(self) -> Size: ...

    @property
    def target(self) -> Size: ...

    def picture(self, image_hwc: np.ndarray) -> np.ndarray:
        """The picture moved, smooth, black where nothing comes from the source."""

    def mask(self, mask_hw: np.ndarray, place: Window) -> tuple[np.ndarray, Window]:
        """A mask that covers ``place`` of the source, nearest pixels, and what it covers of the target.

        ``place`` lies inside the source.
        """

    def points(self, points: np.ndarray) -> np.ndarray:
        """(n, 2) places of the source in the target."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """Makes a picture larger or smaller by a factor for each axis. ``inner``: where in the target it comes to lie."""

    source: Size
    target: Size
    inner: Window
    factor_x: float
    factor_y: float

    @classmethod
    def stretch(cls, source: Size, target: Size) -> "Scaling":
        """Fills the target, whatever becomes of the aspect ratio."""
        return cls(source, target, Window.whole(target), target.width / source.width, target.height / source.height)

    @classmethod
    def scale(cls, source: Size, target: Size, factor: float) -> "Scaling":
        """Keeps the aspect ratio: in the middle of the target, which must hold it; an odd row or column comes after."""
        height, width = round(factor * source.height), round(factor * source.width)
        top, left = (target.height - height) // 2, (target.width - width) // 2
        return cls(source, target, Window(top=top, left=left, height=height, width=width), factor, factor)

    def picture(self, image_hwc: np.ndarray) -> np.ndarray:
        """Bilinear."""
        scaled_hwc = cv2.resize(image_hwc, None, fx=self.factor_x, fy=self.factor_y, interpolation=cv2.INTER_LINEAR)
        if self.inner.size == self.target:
            return scaled_hwc
        result_hwc = np.zeros((self.target.height, self.target.width, *image_hwc.shape[2:]), image_hwc.dtype)
        result_hwc[self.inner.slices] = scaled_hwc
        return result_hwc

    def mask(self, mask_hw: np.ndarray, place: Window) -> tuple[np.ndarray, Window]:
        """Each pixel is the one of the source in which its middle lies, as scikit-image's ``resize`` of order 0."""
        rows, top = _read_from(self.source.height, self.inner.height, place.top, place.bottom)
        columns, left = _read_from(self.source.width, self.inner.width, place.left, place.right)
        moved_hw = mask_hw[rows[:, None], columns]
        height, width = moved_hw.shape
        return moved_hw, Window(top=self.inner.top + top, left=self.inner.left + left, height=height, width=width)

    def points(self, points: np.ndarray) -> np.ndarray:
        return points * (self.factor_x, self.factor_y) + (self.inner.left, self.inner.top)


def _read_from(old: int, new: int, start: int, stop: int) -> tuple[np.ndarray, int]:
    """For the pixels of a scaled axis that come from ``start`` to ``stop``: which those are, counted from ``start``.

    And the first of them. The product is scikit-image's own, halves included.
    """
    sources = ((np.arange(new) + 0.5) * (old / new)).astype(np.intp)
    first, last = np.searchsorted(sources, (start, stop))
    return sources[first:last] - start, int(first)


@dataclass(frozen=True)
class Rotation:
    """Turns a picture counter-clockwise about its middle; the target is as large as all of it needs.

    Pixels and points turn about (width / 2, height / 2) in their own coordinates, as the original of 2018 had it: a
    pixel's index is the place of its corner, and so figures and pixels may be apart by up to one px.
    """

    source: Size
    degrees: float

    @cached_property
    def _turn(self) -> np.ndarray:
        """The 2 x 2 matrix that turns (x, y)."""
        return cv2.getRotationMatrix2D((0.0, 0.0), self.degrees, 1.0)[:, :2]

    @cached_property
    def target(self) -> Size:
        """Rounded up, as in 2018: at right angles a rounding error can make it a row or column of black larger."""
        corners = np.array([[-1, 1], [1, 1], [-1, -1], [1, -1]]) * _middle(self.source) @ self._turn
        width, height = np.ceil(np.ptp(corners, axis=0))
        return Size(height=int(height), width=int(width))

    @property
    def source_window(self) -> Window:
        """As large as the source, in the middle of the target; it may stick out of it."""
        right, down = np.floor(_middle(self.target) - _middle(self.source) + 0.5)
        return Window(top=int(down), left=int(right), height=self.source.height, width=self.source.width)

    @property
    def inner_window(self) -> Window | None:
        """A window of the target without black corners, its margins equal; None where it has no pixel.

        The formula is the original's, after Magnus Hoff's answer to stackoverflow.com/questions/5789239; with equal
        margins the window is not the largest possible one.
        """
        height, width = self.source.height, self.source.width
        turned = math.radians(self.degrees)
        upright = math.floor(turned / (math.pi / 2)) % 2 == 0
        alpha = ((turned if upright else math.pi - turned) % math.pi + math.pi) % math.pi
        bound_width = width * math.cos(alpha) + height * math.sin(alpha)
        bound_height = width * math.sin(alpha) + height * math.cos(alpha)
        run = max(height, width) * math.cos(alpha) * math.sin(alpha) / math.sin(math.pi - alpha - math.pi / 4)
        margin = run * math.cos(math.pi / 4)
        left, right = _centred(self.target.width, bound_width - 2 * margin)
        top, bottom = _centred(self.target.height, bound_height - 2 * margin)
        if right <= left or bottom <= top:
            return None
        found = Window(top=top, left=left, height=bottom - top, width=right - left)
        return found.intersect(Window.whole(self.target))

    def picture(self, image_hwc: np.ndarray) -> np.ndarray:
        """Lanczos over 8 x 8 pixels."""
        return self._warp(image_hwc, cv2.INTER_LANCZOS4)

    def mask(self, mask_hw: np.ndarray, place: Window) -> tuple[np.ndarray, Window]:
        whole_hw = np.zeros((self.source.height, self.source.width), np.uint8)
        whole_hw[place.slices] = mask_hw
        return self._warp(whole_hw, cv2.INTER_NEAREST).view(bool), Window.whole(self.target)

    def points(self, points: np.ndarray) -> np.ndarray:
        return (points - _middle(self.source)) @ self._turn.T + _middle(self.target)

    def _warp(self, image: np.ndarray, how: int) -> np.ndarray:
        middle = _middle(self.source)
        matrix = cv2.getRotationMatrix2D(tuple(middle), self.degrees, 1.0)
        matrix[:, 2] += _middle(self.target) - middle
        return cv2.warpAffine(image, matrix, (self.target.width, self.target.height), flags=how)


def _middle(size: Size) -> np.ndarray:
    """(x, y)."""
    return np.array([size.width, size.height]) / 2


def _centred(whole: int, part: float) -> tuple[int, int]:
    """Where a length in the middle of another begins and ends, cut off to whole px."""
    return int((whole - part) * 0.5), int((whole + part) * 0.5)
