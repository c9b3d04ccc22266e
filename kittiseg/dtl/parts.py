"""A part of a picture: drawn at random, or what is left when its sides are cut off."""

from dataclasses import astuple
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le

from kittiseg.config import Doc, settings
from kittiseg.project.geometry import Size, Window
from kittiseg.project.lengths import Sides

_Percent = Annotated[float, Ge(0), Le(100)]


@settings
class PercentRange:
    """From where to where the percentage is drawn, uniformly."""

    min_percent: Annotated[_Percent, Doc("the least, in percent of the picture's side")]
    max_percent: Annotated[_Percent, Doc("the most, in percent of the picture's side")]

    def __post_init__(self) -> None:
        if self.min_percent > self.max_percent:
            raise ValueError(f"min_percent {self.min_percent:g} is above max_percent {self.max_percent:g}")


@settings
class RandomPart:
    """A window of random size at a random place."""

    width: Annotated[PercentRange, Doc("how wide it is")]
    height: Annotated[PercentRange, Doc("how high it is")]
    keep_aspect_ratio: Annotated[bool, Doc("one draw for both sides, which then need the same range")] = False

    def __post_init__(self) -> None:
        if self.keep_aspect_ratio and self.width != self.height:
            raise ValueError("with keep_aspect_ratio, width and height need the same min_percent and max_percent")


def draw_window(image: Size, part: RandomPart, rng: np.random.Generator) -> Window:
    """Percentages are uniform, lengths cut off to whole px, and every place is equally likely, edges included."""
    width_percent = rng.uniform(part.width.min_percent, part.width.max_percent)
    height_percent = width_percent
    if not part.keep_aspect_ratio:
        height_percent = rng.uniform(part.height.min_percent, part.height.max_percent)
    width = min(image.width, int(image.width * width_percent / 100))
    height = min(image.height, int(image.height * height_percent / 100))
    left = int(rng.integers(0, image.width - width + 1))
    top = int(rng.integers(0, image.height - height + 1))
    return Window(top=top, left=left, height=height, width=width)


def needs_size(part: RandomPart | None, sides: Sides | None) -> bool:
    """Whether it hangs on a picture's size if anything is left of it, a picture being at least 10 px wide and high."""
    if part is not None and min(part.width.min_percent, part.height.min_percent) < 10:
        return True
    return sides is not None and any("px" in length for length in astuple(sides))
