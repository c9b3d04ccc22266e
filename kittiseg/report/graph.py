"""A DTL query drawn as a graph: a box for each layer, arrows for the ``$names``."""

from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any

from kittiseg.report.brief import brief
from kittiseg.report.colors import ACCENT, CARD, MUTED, themed
from kittiseg.report.graph_box import BOX, STYLE, Box, LayerFacts
from kittiseg.report.graph_layout import Edge, Layout, Node, place_layers, written

_GAP, _SPACE = 28, 42  # px: between boxes, between rows
_MARGIN = 16  # px around a drawing that stands alone
_LETTER = 6.7  # px of a letter of a name

_STYLE = (
    f"{STYLE} .name{{font:11px ui-monospace,monospace;fill:{ACCENT};paint-order:stroke;stroke:{CARD};stroke-width:3px}}"
)

_Stop = tuple[float, float, float]
"""A place of an edge: x, and the heights at which it comes in and goes out."""


def query_graph(
    query: Sequence[Mapping[str, Any]], facts: Sequence[LayerFacts] | None = None, *, margin: int = 0
) -> str:
    """The query as an SVG element, data layers on top. ``facts``: what is known of each layer, in the query's order."""
    layout = place_layers(query)
    boxes = _boxes(query, facts)
    tops, heights = _rows(layout, boxes)
    left, right = min(layout.columns.values(), default=0) - 0.5, max(layout.columns.values(), default=0) + 0.5
    width = (right - left) * (BOX + _GAP)

    def middle(node: Node) -> float:
        return (layout.columns[node] - left) * (BOX + _GAP)

    rows = {node: row for row, nodes in enumerate(layout.rows) for node in nodes}

    def stop(node: Node) -> _Stop:
        height = boxes[node].height if isinstance(node, int) else heights[rows[node]]
        return middle(node), tops[rows[node]], tops[rows[node]] + height

    ways = {edge: [stop(node) for node in edge.via] for edge in layout.edges}
    parts = [_arrow(way) for way in ways.values()]
    parts += _labels({edge: (_label(edge, query, facts), way) for edge, way in ways.items()})
    for place, box in enumerate(boxes):
        parts.append(box.svg(middle(place) - BOX / 2, tops[rows[place]]))
    words = "; ".join(f"{layer['action']} {', '.join(brief(layer))}".strip() for layer in query)
    full_width, height = width + 2 * margin, tops[-1] + heights[-1] + 2 + 2 * margin
    return themed(
        f'<svg viewBox="{-margin} {-margin} {full_width:.0f} {height:.0f}" width="{full_width:.0f}" role="img" '
        f'aria-label="{escape(f"A query of {len(query)} layers: {words}")}" xmlns="http://www.w3.org/2000/svg">'
        f"<style>.query-graph {_STYLE.replace('} .', '} .query-graph .')}</style>"
        f'<g class="query-graph">{"".join(parts)}</g></svg>'
    )


def graph_file(query: Sequence[Mapping[str, Any]], facts: Sequence[LayerFacts]) -> str:
    """As :func:`query_graph`, as a file of its own, on white."""
    svg = query_graph(query, facts, margin=_MARGIN)
    paper = f'<rect x="{-_MARGIN}" y="{-_MARGIN}" width="100%" height="100%" style="fill:#fff"/>'
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + svg.replace("</style>", f"</style>{paper}", 1) + "\n"


def _boxes(query: Sequence[Mapping[str, Any]], facts: Sequence[LayerFacts] | None) -> list[Box]:
    read = {name for layer in query for name in layer.get("src", ())}
    boxes = []
    for place, layer in enumerate(query):
        known = facts[place] if facts else None
        unread = [(port, name) for port, name in enumerate(written(layer)) if name not in read and name[:1] == "$"]
        unread += [(port, name) for port, name in enumerate(written(layer)) if name == "null"]
        feeding = [(writer, port) for writer, port in _writers(query, layer)] if facts else []
        boxes.append(
            Box(
                layer,
                known,
                entering=sum(facts[writer].pictures[port] for writer, port in feeding) if facts and feeding else None,
                unread={name: known.pictures[port] if known else None for port, name in unread},
                changed=not (facts and known and feeding) or _classes_before(facts, feeding) != dict(known.classes),
            )
        )
    return boxes


def _writers(query: Sequence[Mapping[str, Any]], reader: Mapping[str, Any]) -> list[tuple[int, int]]:
    """(layer, which ``dst``) of everything that a layer reads."""
    return [
        (place, port)
        for place, writer in enumerate(query)
        for port, name in enumerate(written(writer))
        if name in reader.get("src", ()) and name.startswith("$")
    ]


def _classes_before(facts: Sequence[LayerFacts], feeding: Sequence[tuple[int, int]]) -> dict[str, Any]:
    return {name: color for writer, _ in feeding for name, color in facts[writer].classes.items()}


def _label(edge: Edge, query: Sequence[Mapping[str, Any]], facts: Sequence[LayerFacts] | None) -> str:
    """The name, and how many pictures bear it where a layer writes several."""
    writer = edge.via[0]
    assert isinstance(writer, int)
    names = written(query[writer])
    if not facts or len(names) == 1:
        return edge.name
    return f"{edge.name}: {facts[writer].pictures[names.index(edge.name)]:,}"


def _rows(layout: Layout, boxes: Sequence[Box]) -> tuple[list[float], list[float]]:
    """Where each row begins, and how high it is."""
    heights = [max((boxes[node].height for node in row if isinstance(node, int)), default=0.0) for row in layout.rows]
    return [2 + sum(heights[:row]) + _SPACE * row for row in range(len(heights))], heights


def _arrow(way: Sequence[_Stop]) -> str:
    """A smooth line through the stops with an arrow head at its end."""
    x, _, y = way[0]
    path = f"M{x:.1f} {y:.1f}"
    for (x0, _, y0), (x1, y1, bottom) in pairwise(way):
        middle = (y0 + y1) / 2
        path += f" C{x0:.1f} {middle:.1f} {x1:.1f} {middle:.1f} {x1:.1f} {y1:.1f}"
        if (x1, y1, bottom) != way[-1]:
            path += f" L{x1:.1f} {bottom:.1f}"
    end, top, _ = way[-1]
    return (
        f'<path d="{path}" style="fill:none;stroke:{MUTED};stroke-width:1.4"/>'
        f'<path d="M{end:.1f} {top:.1f} l-4 -8 h8 z" style="fill:{MUTED}"/>'
    )


def _labels(labels: Mapping[Edge, tuple[str, Sequence[_Stop]]]) -> list[str]:
    """Each beside its edge's beginning. One that would lie on another of the same name is left out."""
    taken: list[tuple[str, float, float, float]] = []
    parts = []
    for text, way in labels.values():
        x, _, y = way[0]
        leftwards = way[1][0] < x
        anchor, shift = ("end", -7) if leftwards else ("start", 7)
        beside = x + (way[1][0] - x) * 0.3 + shift
        left = beside - _LETTER * len(text) if leftwards else beside
        right = left + _LETTER * len(text)
        if any(text == other and y == at and left < end and right > begin for other, at, begin, end in taken):
            continue
        taken.append((text, y, left, right))
        parts.append(
            f'<text class="name" x="{beside:.1f}" y="{y + 15:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
        )
    return parts
