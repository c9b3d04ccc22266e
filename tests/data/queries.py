"""Queries as documents."""

from typing import Any


def diamond_query() -> list[dict[str, Any]]:
    """Data, a branch in two that meet again, and one stream that is read twice, once past the other's row."""
    mapping = {"bus": "vehicle", "car": "vehicle", "__other__": "__ignore__"}
    percent = {"min_percent": 27, "max_percent": 30}
    return [
        _layer("data", ["kitti/*"], "$sample", {"classes_mapping": mapping}),
        _layer("if", ["$sample"], ["$yes", "$no"], {"condition": {"probability": 0.95}}),
        _layer("tag", ["$yes"], "$tagged", {"tag": "train", "action": "add"}),
        _layer("tag", ["$no"], "$tagged", {"tag": "val", "action": "add"}),
        _layer("flip", ["$tagged"], "$flipped", {"axis": "vertical"}),
        _layer(
            "crop", ["$tagged", "$flipped"], "$parts", {"random_part": {"width": percent, "keep_aspect_ratio": False}}
        ),
        _layer("supervisely", ["$parts"], "made", {}),
    ]


def _layer(action: str, src: list[str], dst: str | list[str], settings: dict[str, Any]) -> dict[str, Any]:
    return {"action": action, "src": src, "dst": dst, "settings": settings}


def chain(source: str, *layers: tuple[str, dict[str, Any]], to: str = "made") -> list[dict[str, Any]]:
    """All of project ``source`` through layers, each (action, settings), one after another, into project ``to``."""
    data = _layer("data", [f"{source}/*"], "$0", {"classes_mapping": "default"})
    steps = [_layer(action, [f"${n}"], f"${n + 1}", settings) for n, (action, settings) in enumerate(layers)]
    return [data, *steps, _layer("supervisely", [f"${len(layers)}"], to, {})]
