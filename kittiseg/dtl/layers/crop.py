"""``crop``: a window of each picture, drawn at random or cut from its sides."""

import re
from collections.abc import Iterator
from dataclasses import asdict, astuple, replace
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Le

from kittiseg.config import Doc, settings
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.errors import DataError
from kittiseg.project.geometry import Size, Window
from kittiseg.project.item import Item

_LENGTH = re.compile(r"(?P<px>\d+) ?px|(?P<percent>\d+(\.\d+)?) ?%")
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


@settings
class Sides:
    """How much goes from each side: ``"20px"``, or ``"5%"`` of the picture's width or height."""

    left: Annotated[str, Doc("how much goes on the left")] = "0px"
    top: Annotated[str, Doc("how much goes at the top")] = "0px"
    right: Annotated[str, Doc("how much goes on the right")] = "0px"
    bottom: Annotated[str, Doc("how much goes at the bottom")] = "0px"

    def __post_init__(self) -> None:
        wrong = [f"{side} is {length!r}" for side, length in asdict(self).items() if not _LENGTH.fullmatch(length)]
        if wrong:
            raise ValueError(f'{", ".join(wrong)}: write lengths as "20px" or "5%"')


@settings
class Crop(Transform):
    """Cuts a window out of picture and figures; one of ``random_part`` and ``sides``."""

    nothing_made: ClassVar[str] = "the crop has no pixels, nothing is written"

    random_part: Annotated[RandomPart | None, Doc("a window of random size at a random place")] = None
    sides: Annotated[Sides | None, Doc("how much goes from each side")] = None

    def __post_init__(self) -> None:
        if (self.random_part is None) == (self.sides is None):
            raise ValueError("give either 'random_part' or 'sides', and not both")

    @property
    def needs_annotation(self) -> bool:
        return self.sides is not None and any("px" in length for length in astuple(self.sides))

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        size = item.image.size
        if self.random_part is not None:
            window = draw_window(size, self.random_part, rng())
        else:
            assert self.sides is not None
            window = inner_window(size, self.sides, name=str(item.key))
        if window.area:
            yield crop(item, window)


def crop(item: Item, window: Window) -> Item:
    """What lies in the window. The whole picture keeps its file's bytes."""
    did = {"window": [window.left, window.top, window.width, window.height]}
    return replace(item, image=item.image.crop(window), annotation=item.annotation.crop(window), did=did)


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


def inner_window(image: Size, sides: Sides, *, name: str) -> Window:
    """What the sides leave, perhaps nothing (area 0). DataError where a side alone takes more than the picture has."""
    left, right = length_px(sides.left, image.width), length_px(sides.right, image.width)
    top, bottom = length_px(sides.top, image.height), length_px(sides.bottom, image.height)
    if max(left, right) > image.width or max(top, bottom) > image.height:
        raise DataError(f"{name}: the crop lies outside the picture, which is {image} px; make 'sides' smaller")
    height, width = max(image.height - top - bottom, 0), max(image.width - left - right, 0)
    return Window(top=top, left=left, height=height, width=width)


def length_px(text: str, whole: int) -> int:
    """``"20px"`` is 20, ``"5%"`` so much of the whole, cut off to whole px."""
    match = _LENGTH.fullmatch(text)
    assert match is not None
    return int(match["px"]) if match["px"] else int(whole * float(match["percent"]) / 100)
