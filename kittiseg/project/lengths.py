"""Lengths as queries and configs write them: ``"20px"``, or ``"5%"`` of a length that the reader knows."""

import re
from dataclasses import asdict
from typing import Annotated

from kittiseg.config import Doc, settings
from kittiseg.project.geometry import Size, Window

_LENGTH = re.compile(r"(?P<px>-?\d{1,9}) ?px|(?P<percent>-?\d{1,9}(\.\d+)?) ?%")


def check_lengths(*, negative: bool = False, **lengths: str) -> None:
    """ValueError that names every setting that is none, or is ``negative`` where that may not be."""
    wrong = [
        f"{name} is {length!r}"
        for name, length in lengths.items()
        if not _LENGTH.fullmatch(length) or (length.startswith("-") and not negative)
    ]
    if wrong:
        raise ValueError(f'{", ".join(wrong)}: write lengths as "20px" or "5%"')


def exact_px(text: str, whole: float) -> float:
    """``"20px"`` is 20, ``"5%"`` so much of the whole."""
    match = _LENGTH.fullmatch(text)
    assert match is not None
    return float(match["px"]) if match["px"] else whole * float(match["percent"]) / 100


def length_px(text: str, whole: int) -> int:
    """As :func:`exact_px`, cut off to whole px."""
    return int(exact_px(text, whole))


@settings
class Sides:
    """So much on each side: ``"20px"``, or ``"5%"`` of a width or height that the layer says."""

    left: Annotated[str, Doc("how much on the left")] = "0px"
    top: Annotated[str, Doc("how much at the top")] = "0px"
    right: Annotated[str, Doc("how much on the right")] = "0px"
    bottom: Annotated[str, Doc("how much at the bottom")] = "0px"

    def __post_init__(self) -> None:
        check_lengths(**asdict(self))

    def inner_window(self, image: Size) -> Window:
        """What the sides leave of a picture, perhaps nothing (area 0)."""
        left, right = length_px(self.left, image.width), length_px(self.right, image.width)
        top, bottom = length_px(self.top, image.height), length_px(self.bottom, image.height)
        height, width = max(image.height - top - bottom, 0), max(image.width - left - right, 0)
        return Window(top=top, left=left, height=height, width=width)


@settings
class Margins(Sides):
    """As much more on each side; below 0 it is so much less."""

    def __post_init__(self) -> None:
        check_lengths(negative=True, **asdict(self))

    def around(self, box: Window) -> Window | None:
        """The box with a margin, percentages of its own sides, cut off to whole px. None where nothing is left."""
        left, right = length_px(self.left, box.width), length_px(self.right, box.width)
        top, bottom = length_px(self.top, box.height), length_px(self.bottom, box.height)
        height, width = box.height + top + bottom, box.width + left + right
        if height <= 0 or width <= 0:
            return None
        return Window(top=box.top - top, left=box.left - left, height=height, width=width)
