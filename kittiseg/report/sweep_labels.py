"""Short names for what a sweep searched over, and for the values that it chose."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

from kittiseg.report.wording import significant, word


def short_labels(pointers: Sequence[str]) -> dict[str, str]:
    """Of each pointer its last two parts, or as many as it takes to tell it from the others.

    ``transform:/8/settings/random_part/width/min_percent`` is ``width / min percent``, or where layer 9 has one too,
    ``8 / … / min percent``; ``train:/lr`` is ``lr``.
    """
    names = {pointer: _names(pointer) for pointer in pointers}
    often = Counter(name for found in names.values() for name in set(found))
    return {pointer: next((name for name in found if often[name] == 1), pointer) for pointer, found in names.items()}


def wrapped(label: str, width: int, *, most: int = 4) -> str:
    """The label in lines of so many characters, at most ``most`` of them; what does not fit ends in an ellipsis."""
    parts = label.replace(" / ", " /\n").split("\n")
    lines: list[str] = []
    for part in parts:
        fitting = wrap(part, width, break_long_words=True)
        joined = lines and len(lines[-1]) + 1 + len(fitting[0]) <= width
        lines = [*lines[:-1], f"{lines[-1]} {fitting[0]}", *fitting[1:]] if joined else [*lines, *fitting]
    return "\n".join([*lines[: most - 1], "…" + lines[-1][-(width - 1) :]] if len(lines) > most else lines)


def value_words(value: Any) -> str:
    """A parameter's value as it stands in tables: of an object with a name, such as a loss, the name comes first."""
    if isinstance(value, float):
        return significant(value)
    if isinstance(value, Mapping) and "name" in value:
        rest = {key: inner for key, inner in value.items() if key != "name"}
        return f"{value['name']} {value_words(rest)}".strip()
    if isinstance(value, Mapping):
        return " ".join(f"{key} {value_words(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(value_words, value)) or "none"
    return "none" if value is None else word(value)


def cut(text: str, width: int) -> str:
    """The text with its middle left out where it is longer than so many characters."""
    if len(text) <= width:
        return text
    head = width // 2
    return f"{text[:head].rstrip()}…{text[len(text) - (width - 1 - head) :].lstrip()}"


def key_of(value: Any) -> str:
    """Equal for equal JSON values."""
    return json.dumps(value, sort_keys=True)


def _names(pointer: str) -> list[str]:
    """What a pointer may be called, the shortest first; the first part is its document."""
    parts = pointer.replace(":/", "/").split("/")
    parts = [part.replace("~1", "/").replace("~0", "~").replace("_", " ") for part in parts]
    names = []
    for depth in range(min(2, len(parts) - 1), len(parts) + 1):
        middles = [f"{parts[-depth]} / … / {' / '.join(parts[-kept:])}" for kept in (1, 2) if depth > kept + 1]
        names += [*middles, " / ".join(parts[-depth:])]
    return names
