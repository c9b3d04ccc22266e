"""A DTL query drawn as a graph: a box for each layer with its settings in brief, arrows for the ``$names``."""

import json
import textwrap
from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any

from kittiseg.report.colors import ACCENT, INK, MUTED, RGB, RULE, hexadecimal, themed
from kittiseg.report.graph_layout import Edge, Layout, Node, place_layers, written

_BOX, _GAP, _SPACE, _LINE = 232, 28, 42, 15  # px: box width, between boxes, between rows, a line of settings
_HEAD, _FOOT = 30, 11  # px: from a box's top to its first line of settings, and below the last
_MOST_LINES = 4
_LETTERS = 36  # of a line of settings

_STYLE = (
    f"text{{font:12px system-ui,sans-serif;fill:{MUTED}}} .action{{font-size:13.5px;font-weight:700;fill:{INK}}}"
    f" .count{{fill:{INK};font-weight:600}} .name{{font:11px ui-monospace,monospace;fill:{ACCENT}}}"
)


def query_graph(
    query: Sequence[Mapping[str, Any]], colors: Mapping[str, RGB] | None = None, counts: Sequence[int] | None = None
) -> str:
    """The query as an SVG element, data layers on top.

    ``counts``: how many pictures leave each layer, in the query's order. Classes that have a colour get a chip of it.
    """
    layout = place_layers(query)
    boxes = [
        _Box(layer, colors or {}, count)
        for layer, count in zip(query, counts if counts else [None for _ in query], strict=True)
    ]
    tops, bottom = _row_tops(layout, boxes)
    left, right = min(layout.columns.values(), default=0) - 0.5, max(layout.columns.values(), default=0) + 0.5
    width = (right - left) * (_BOX + _GAP)

    def middle(node: Node) -> float:
        return (layout.columns[node] - left) * (_BOX + _GAP)

    rows = {node: row for row, nodes in enumerate(layout.rows) for node in nodes}
    parts = [_edge(edge, [(middle(n), *_ends(n, tops[rows[n]], boxes)) for n in edge.via]) for edge in layout.edges]
    for place, box in enumerate(boxes):
        parts.append(box.svg(middle(place) - _BOX / 2, tops[rows[place]]))
    words = "; ".join(f"{layer['action']} {_brief_line(layer)}".strip() for layer in query)
    return themed(
        f'<svg viewBox="0 0 {width:.0f} {bottom:.0f}" width="{width:.0f}" role="img" '
        f'aria-label="{escape(f"A query of {len(query)} layers: {words}")}" xmlns="http://www.w3.org/2000/svg">'
        f"<style>.query-graph {_STYLE.replace('} .', '} .query-graph .')}</style>"
        f'<g class="query-graph">{"".join(parts)}</g></svg>'
    )


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
        lines = []
        for key in ends:
            low, high = value[key], value["max_" + key[4:]]
            unit = "%" if key == "min_percent" else key[4:]
            lines.append(f"{name} {low} {unit}" if low == high else f"{name} {low}–{high} {unit}")  # noqa: RUF001
        done = {*ends, *("max_" + key[4:] for key in ends)}
        rest = {key: inner for key, inner in value.items() if key not in done and inner is not False}
        return [line.strip() for line in lines] + [line for key, inner in rest.items() for line in _flat(key, inner)]
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    word = "yes" if value is True else value
    return [f"{name.replace('_', ' ')}: {word}"]


def _mapping_lines(mapping: Mapping[str, str]) -> list[str]:
    joined: dict[str, list[str]] = {}
    for old, new in mapping.items():
        joined.setdefault(new, []).append("others" if old == "__other__" else old)
    words = {"__ignore__": "dropped", "__default__": "kept"}
    return [f"{', '.join(olds)} → {words.get(new, new)}" for new, olds in joined.items()]


def _brief_line(layer: Mapping[str, Any]) -> str:
    return ", ".join(brief(layer))


class _Box:
    """A layer's box: its text is wrapped once, its height follows from it."""

    def __init__(self, layer: Mapping[str, Any], colors: Mapping[str, RGB], count: int | None) -> None:
        self.layer, self.count = layer, count
        lines = [part for line in brief(layer) for part in textwrap.wrap(line, _LETTERS, subsequent_indent="  ")]
        self.lines = lines if len(lines) <= _MOST_LINES else [*lines[: _MOST_LINES - 1], "…"]
        mapping = (layer.get("settings") or {}).get("classes_mapping")
        made = dict.fromkeys(mapping.values()) if isinstance(mapping, Mapping) else {}
        self.chips = [colors[name] for name in made if name in colors]
        self.height = _HEAD + _LINE * len(self.lines) + (_FOOT if self.lines else 5)

    def svg(self, x: float, y: float) -> str:
        full = escape(json.dumps(self.layer.get("settings") or {}, ensure_ascii=False))
        action = str(self.layer["action"])
        parts = [
            f'<g transform="translate({x:.0f},{y:.0f})"><title>{escape(action)} {full}</title>'
            f'<rect width="{_BOX}" height="{self.height}" rx="8" style="fill:var(--card,#fff);stroke:{RULE}"/>'
            f'<rect width="5" height="{self.height}" rx="2.5" style="fill:{_accent(action)}"/>'
            f'<text class="action" x="16" y="21">{escape(action)}</text>'
        ]
        for place, color in enumerate(self.chips):
            cx = 16 + 8.5 * len(action) + 12 + 18 * place
            parts.append(f'<circle cx="{cx}" cy="16.5" r="5.5" style="fill:{hexadecimal(color)};stroke:{RULE}"/>')
        if self.count is not None:
            parts.append(f'<text class="count" x="{_BOX - 12}" y="21" text-anchor="end">{self.count:,}</text>')
        for place, line in enumerate(self.lines):
            parts.append(f'<text x="16" y="{_HEAD + 10 + _LINE * place}" xml:space="preserve">{escape(line)}</text>')
        return "".join(parts) + "</g>"


def _accent(action: str) -> str:
    """Where data comes from and goes to in one colour, decisions in another, the rest in a quiet one."""
    if action == "data" or action.startswith(("supervisely", "save")):
        return ACCENT
    return "#d97706" if action == "if" else MUTED


def _row_tops(layout: Layout, boxes: Sequence[_Box]) -> tuple[list[float], float]:
    tops, y = [], 2.0
    for row in layout.rows:
        tops.append(y)
        y += max((boxes[node].height for node in row if isinstance(node, int)), default=0) + _SPACE
    return tops, y - _SPACE + 2


def _ends(node: Node, top: float, boxes: Sequence[_Box]) -> tuple[float, float]:
    """The heights at which an edge comes in and goes out."""
    return (top, top + boxes[node].height) if isinstance(node, int) else (top, top + _HEAD)


def _edge(edge: Edge, stops: Sequence[tuple[float, float, float]]) -> str:
    """A smooth line through the stops (x, top, bottom), its name beside its beginning, an arrow head at its end."""
    x, _, y = stops[0]
    path = f"M{x:.1f} {y:.1f}"
    for (x0, _, y0), (x1, y1, bottom) in pairwise(stops):
        middle = (y0 + y1) / 2
        path += f" C{x0:.1f} {middle:.1f} {x1:.1f} {middle:.1f} {x1:.1f} {y1:.1f}"
        if (x1, y1, bottom) != stops[-1]:
            path += f" L{x1:.1f} {bottom:.1f}"
    end, top, _ = stops[-1]
    aside = x + (stops[1][0] - x) * 0.3
    anchor, shift = ("end", -7) if stops[1][0] < x else ("start", 7)
    return (
        f'<path d="{path}" style="fill:none;stroke:{MUTED};stroke-width:1.4"/>'
        f'<path d="M{end:.1f} {top:.1f} l-4 -8 h8 z" style="fill:{MUTED}"/>'
        f'<text class="name" x="{aside + shift:.1f}" y="{y + 15:.1f}" text-anchor="{anchor}">{escape(edge.name)}</text>'
    )
