"""Numbers and documents as the words and rows of a page."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kittiseg.project.geometry import Size

_NONE = "–"  # noqa: RUF001 - a missing number is a dash in tables


def whole(value: float | None) -> str:
    """``12,345``"""
    return _NONE if value is None else f"{value:,.0f}"


def decimal(value: float | None, places: int = 4) -> str:
    """``0.8123``; a dash where there is no value, as for the IoU of a class that occurs nowhere."""
    return _NONE if value is None or value != value else f"{value:.{places}f}"


def significant(value: float) -> str:
    """At most four significant digits: ``0.003``, ``1.2e-5``, ``256``."""
    return re.sub(r"e([-+])0*", lambda found: "e" + found[1].strip("+"), f"{value:.4g}")


def duration(seconds: float) -> str:
    """``38 s``, ``12 min``, ``2.5 h``"""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def measure(best_by: str) -> str:
    """What checkpoints are compared by: ``loss``, ``mean_iou``, ``iou/car``, or ``whole/`` before the latter two."""
    if best_by == "loss":
        return "validation loss"
    _, _, title = best_by.removeprefix("whole/").partition("/")
    where = " on whole pictures" if best_by.startswith("whole/") else ""
    return (f"IoU of {title}" if title else "mean IoU") + where


def plural(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def counts(document: Any) -> dict[str, int | None]:
    """Name -> how many, from ``{name: n}``, ``{name: {"images": n}}``, or a list of names or of objects."""
    if isinstance(document, Mapping):
        return {str(name): _count(value) for name, value in document.items()}
    return {_name(entry): _count(entry) for entry in document or ()}


def flat_rows(document: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """A nested document as rows: ``("batch size / train", "14")``."""
    for key, value in document.items():
        name = f"{before}{str(key).replace('_', ' ')}"
        if isinstance(value, Mapping):
            yield from flat_rows(value, f"{name} / ")
        elif isinstance(value, list | tuple):
            yield name, ", ".join(word(entry) for entry in value) or "none"
        else:
            yield name, word(value)


def word(value: Any) -> str:
    """A JSON value in words: ``yes`` for true, an object as its keys and values."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return " ".join(f"{key} {word(inner)}" for key, inner in value.items())
    return _NONE if value is None else str(value)


def _name(entry: Any) -> str:
    if not isinstance(entry, Mapping):
        return str(entry)
    if "width" in entry:
        return str(Size(height=entry["height"], width=entry["width"]))
    return str(entry.get("name", entry.get("size")))


def _count(entry: Any) -> int | None:
    if isinstance(entry, Mapping):
        entry = entry.get("images", entry.get("count"))
    return entry if isinstance(entry, int) else None
