"""Where windows lie on a picture: rows and columns of spans, each axis by itself, and how much each place weighs.

A grid is all combinations of its rows with its columns, so whatever is added up over windows is a product of two
vectors.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from kittiseg.project.geometry import Size, Window
from kittiseg.project.windows import window_starts

Placement = Literal["clamp", "even", "fit"]
Blend = Literal["mean", "gaussian", "hann"]

STRETCH = 0.05
"""``fit`` stretches a window rather than add another one for a remainder of at most this part of its length."""


@dataclass(frozen=True)
class Axis:
    """Windows of ``window`` px at ``starts`` along an axis of ``length`` px.

    With a ``halo`` so many px at both ends of a window do not count but where the picture ends there: the network has
    seen too little around them.
    """

    length: int
    window: int
    starts: tuple[int, ...]
    halo: int = 0

    def __post_init__(self) -> None:
        reach = 0
        for first, stop in self.cores:
            if first > reach:
                break
            reach = max(reach, stop)
        if reach < self.length or self.starts[-1] + self.window > self.length:
            raise ValueError(f"windows of {self.window} px at {self.starts} do not cover {self.length} px exactly")

    @cached_property
    def cores(self) -> tuple[tuple[int, int], ...]:
        """What of each window counts, half-open, px of the axis."""
        last = len(self.starts) - 1
        return tuple(
            (start + (self.halo if index else 0), start + self.window - (self.halo if index < last else 0))
            for index, start in enumerate(self.starts)
        )

    def weights(self, blend: Blend) -> np.ndarray:
        """What the windows weigh together on each px, float32 (length,)."""
        sums = np.zeros(self.length, np.float32)
        one = BLENDS[blend](self.window)
        for (first, stop), start in zip(self.cores, self.starts, strict=True):
            sums[first:stop] += one[first - start : stop - start]
        return sums


@dataclass(frozen=True)
class Grid:
    """The windows on a picture: all combinations of rows with columns, rows outer."""

    rows: Axis
    columns: Axis
    blend: Blend = "mean"

    @property
    def canvas(self) -> Size:
        """What the windows cover."""
        return Size(height=self.rows.length, width=self.columns.length)

    @property
    def window(self) -> Size:
        return Size(height=self.rows.window, width=self.columns.window)

    @property
    def count(self) -> int:
        return len(self.rows.starts) * len(self.columns.starts)

    @property
    def windows(self) -> list[Window]:
        return list(self.windows_of(range(len(self.rows.starts))))

    def windows_of(self, rows: range) -> Iterator[Window]:
        """Those of some rows, from left to right and from top to bottom."""
        return (self.at(row, column) for row in rows for column in range(self.per_row))

    @property
    def per_row(self) -> int:
        """How many windows stand side by side."""
        return len(self.columns.starts)

    def at(self, row: int, column: int) -> Window:
        height, width = self.rows.window, self.columns.window
        return Window(top=self.rows.starts[row], left=self.columns.starts[column], height=height, width=width)

    @cached_property
    def weights_hw(self) -> np.ndarray | None:
        """What the scores of a window are multiplied by, float32; None where all its pixels weigh 1."""
        if self.blend == "mean":
            return None
        make = BLENDS[self.blend]
        return np.outer(make(self.rows.window), make(self.columns.window))

    def divisor(self, top: int, bottom: int) -> np.ndarray:
        """What all windows weigh together on each pixel of some rows, float32 (bottom - top, width)."""
        return np.outer(self._row_weights[top:bottom], self._column_weights)

    @cached_property
    def _row_weights(self) -> np.ndarray:
        return self.rows.weights(self.blend)

    @cached_property
    def _column_weights(self) -> np.ndarray:
        return self.columns.weights(self.blend)


def place(length: int, window: int, overlap: int, placement: Placement = "clamp") -> Axis:
    """Windows along an axis, neighbours sharing ``overlap`` px at least. ValueError as ``window_starts``.

    ``clamp``: in steps of ``window - overlap``, the last one moved back to the end, as in 2018. ``even``: as many, in
    equal steps but for rounding (Isensee et al., nnU-Net). ``fit``: where the last one would be there for a remainder
    of at most :data:`STRETCH` of the window, the others are stretched instead; else as ``clamp``.
    """
    starts = window_starts(length, window, overlap)
    count = len(starts)
    if placement == "fit" and count > 1:
        remainder = length - window - starts[-2]
        if remainder <= STRETCH * window:
            stretched = -(-(length + (count - 2) * overlap) // (count - 1))
            return Axis(length, stretched, tuple(_even(length, stretched, count - 1)))
    if placement == "even":
        return Axis(length, window, tuple(_even(length, window, count)))
    return Axis(length, window, tuple(starts))


def _even(length: int, window: int, count: int) -> list[int]:
    """``count`` starts from 0 to ``length - window``, rounded to the nearest px, halves up."""
    steps = max(count - 1, 1)
    return [(2 * index * (length - window) + steps) // (2 * steps) for index in range(count)]


def _mean(length: int) -> np.ndarray:
    return np.ones(length, np.float32)


def _gaussian(length: int) -> np.ndarray:
    """exp(-d**2 / (2 sigma**2)), d from the middle of the window, sigma an eighth of it; at least 1/1000 of the peak.

    Isensee et al., "nnU-Net", Nature Methods 2021. ``d`` is between centres of pixels, so the curve is symmetric.
    """
    distance = np.arange(length) - (length - 1) / 2
    curve = np.exp(-0.5 * (distance / (length / 8)) ** 2)
    return np.maximum(curve / curve.max(), 1e-3).astype(np.float32)


def _hann(length: int) -> np.ndarray:
    """sin(pi x / length)**2 at the pixels' centres x = 0.5, 1.5 ...: never 0, and at half overlap the sum is 1.

    Pielawski and Wählby, "Introducing Hann windows for reducing edge-effects in patch-based image segmentation", PLOS
    ONE 2020.
    """
    return (np.sin(np.pi * (np.arange(length) + 0.5) / length) ** 2).astype(np.float32)


BLENDS: dict[Blend, Callable[[int], np.ndarray]] = {"mean": _mean, "gaussian": _gaussian, "hann": _hann}
"""Name -> what each place along a window's axis weighs, float32 (length,), greater than 0."""
