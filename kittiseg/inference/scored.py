"""What a prediction found on a picture, from top to bottom: a picture of any size passes through little memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from kittiseg.project.geometry import Size

NOTHING = 255
"""The label of pixels that no window was shown of, so that nobody knows what is there."""


@dataclass(frozen=True, slots=True)
class Band:
    """Some rows of a picture, over its full width.

    ``labels_hw``: uint8, the index of the likeliest class, or :data:`NOTHING`. ``probs_chw``: float32, summing to 1
    over the classes, or 0 where the label is :data:`NOTHING`; None where nobody wants them.
    """

    top: int
    labels_hw: np.ndarray
    probs_chw: np.ndarray | None = None


class Scored(Protocol):
    """A picture, or a part of one, of which every pixel has been scored."""

    @property
    def size(self) -> Size: ...

    def bands(self) -> Iterator[Band]:
        """Every row once, from the top, without gaps. It can be called again, and begins at the top again."""


@dataclass(frozen=True, slots=True)
class InMemory:
    """A scored picture whose rows are held."""

    size: Size
    held: tuple[Band, ...]

    def bands(self) -> Iterator[Band]:
        return iter(self.held)
