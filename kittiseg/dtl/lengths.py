"""Lengths as queries write them: ``"20px"``, or ``"5%"`` of a length that the layer says."""

import re

_LENGTH = re.compile(r"(?P<px>\d+) ?px|(?P<percent>\d+(\.\d+)?) ?%")


def check_lengths(**lengths: str) -> None:
    """ValueError that names every setting that is none."""
    wrong = [f"{name} is {length!r}" for name, length in lengths.items() if not _LENGTH.fullmatch(length)]
    if wrong:
        raise ValueError(f'{", ".join(wrong)}: write lengths as "20px" or "5%"')


def exact_px(text: str, whole: float) -> float:
    """``"20px"`` is 20, ``"5%"`` so much of the whole."""
    match = _LENGTH.fullmatch(text)
    assert match is not None
    return float(match["px"]) if match["px"] else whole * float(match["percent"]) / 100
