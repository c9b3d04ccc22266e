"""A layer's settings in the few words that fit into a box of a drawing."""

from collections.abc import Mapping
from typing import Any

from kittiseg.report.graph_layout import written


def brief(layer: Mapping[str, Any]) -> list[str]:
    """A layer's settings in short lines, such as ``width 27-30 %``; what a data layer reads and a save layer writes."""
    lines = [f"from {source}" for source in layer.get("src", ()) if not source.startswith("$")]
    lines += [f"to {name}" for name in written(layer) if not name.startswith("$") and name != "null"]
    settings = dict(layer.get("settings") or {})
    mapping = settings.pop("classes_mapping", None)
    lines += _mapping_lines(mapping) if isinstance(mapping, Mapping) else []
    return lines + _flat("", settings)


def _flat(name: str, value: Any) -> list[str]:
    if isinstance(value, Mapping):
        ends = [key for key in value if key.startswith("min_") and "max_" + key[4:] in value]
        ends += ["min"] if {"min", "max"} <= set(value) else []
        lines = [_range(name, value[key], value["max" + key[3:]], key[4:]) for key in ends]
        done = {*ends, *("max" + key[3:] for key in ends)}
        rest = {key: inner for key, inner in value.items() if key not in done and inner is not False}
        return lines + [line for key, inner in rest.items() for line in _flat(key, inner)]
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    word = "yes" if value is True else value
    return [f"{name.replace('_', ' ')}: {word}"]


def _range(name: str, low: Any, high: Any, unit: str) -> str:
    unit = "%" if unit == "percent" else unit
    span = str(low) if low == high else f"{low} to {high}" if low < 0 else f"{low}–{high}"  # noqa: RUF001
    return f"{name.replace('_', ' ')} {span} {unit}".strip()


def _mapping_lines(mapping: Mapping[str, str]) -> list[str]:
    joined: dict[str, list[str]] = {}
    for old, new in mapping.items():
        joined.setdefault(new, []).append("others" if old == "__other__" else old)
    words = {"__ignore__": "dropped", "__default__": "kept"}
    return [f"{', '.join(olds)} → {words.get(new, new)}" for new, olds in joined.items()]
