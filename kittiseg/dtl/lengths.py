"""Lengths as queries write them: ``"20px"``, or ``"5%"`` of a length that the layer says."""

import re
from dataclasses import asdict
from typing import Annotated

from kittiseg.config import Doc, settings

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


@settings
class Margins(Sides):
    """As much more on each side; below 0 it is so much less."""

    def __post_init__(self) -> None:
        check_lengths(negative=True, **asdict(self))
