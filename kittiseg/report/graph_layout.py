"""Where the layers of a query stand when it is drawn: rows from top to bottom, edges without crossing a box."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Node = int | tuple[int, int, int]  # a layer's place in the query, or (from, to, row): where a long edge passes a row


@dataclass(frozen=True, slots=True)
class Edge:
    """From one layer to another by their places in the query; ``via``: the nodes that it passes, both ends included."""

    name: str
    via: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """``rows``: nodes from left to right, row by row. ``columns``: each node's horizontal place, 0 in the middle."""

    rows: tuple[tuple[Node, ...], ...]
    columns: Mapping[Node, float]
    edges: tuple[Edge, ...]


def place_layers(query: Sequence[Mapping[str, Any]]) -> Layout:
    """Each layer one row below the lowest of those that feed it (Sugiyama's method, rows by longest path).

    Edges are the ``$names`` that one layer writes and another reads.
    """
    import networkx as nx

    named = [
        (source, target, name)
        for source, writer in enumerate(query)
        for target, reader in enumerate(query)
        for name in written(writer)
        if name in reader.get("src", ()) and name.startswith("$")
    ]
    graph = nx.DiGraph((source, target) for source, target, _ in named)
    graph.add_nodes_from(range(len(query)))
    row_of = {node: row for row, nodes in enumerate(nx.topological_generations(graph)) for node in nodes}
    edges = tuple(Edge(name, _passing(source, target, row_of)) for source, target, name in named)
    rows = _ordered(edges, row_of, layers=len(query))
    return Layout(rows, _columns(rows, edges), edges)


def written(layer: Mapping[str, Any]) -> list[str]:
    """The names that a layer writes, one or several."""
    dst = layer.get("dst", ())
    return [dst] if isinstance(dst, str) else list(dst)


def _passing(source: int, target: int, row_of: Mapping[int, int]) -> tuple[Node, ...]:
    between = range(row_of[source] + 1, row_of[target])
    return (source, *((source, target, row) for row in between), target)


def _ordered(edges: Sequence[Edge], row_of: Mapping[int, int], *, layers: int) -> tuple[tuple[Node, ...], ...]:
    """Rows whose nodes stand in the order of the mean place of what they hang on, swept down and up a few times."""
    rows: list[list[Node]] = [[] for _ in range(max(row_of.values(), default=-1) + 1)]
    for layer in range(layers):
        rows[row_of[layer]].append(layer)
    for edge in edges:
        for node in edge.via[1:-1]:
            assert isinstance(node, tuple)
            if node not in rows[node[2]]:
                rows[node[2]].append(node)
    links = {link for edge in edges for link in pairwise(edge.via)}
    for sweep in range(6):
        down = sweep % 2 == 0
        places = {node: place for row in rows for place, node in enumerate(row)}
        for row in rows if down else reversed(rows):
            means = {}
            for node in row:
                near = [places[a if down else b] for a, b in links if (b if down else a) == node]
                means[node] = sum(near) / len(near) if near else places[node]
            row.sort(key=lambda node: means[node])
            places.update({node: place for place, node in enumerate(row)})
    return tuple(map(tuple, rows))


def _columns(rows: Sequence[Sequence[Node]], edges: Sequence[Edge]) -> dict[Node, float]:
    """Nodes of a row are at least one box apart, a passing edge half a box, and otherwise below what feeds them."""
    links = sorted({link for edge in edges for link in pairwise(edge.via)}, key=str)
    columns: dict[Node, float] = {}
    for row in rows:
        wanted = {}
        for node in row:
            above = [columns[a] for a, b in links if b == node]
            wanted[node] = sum(above) / len(above) if above else 0.0
        placed: list[float] = []
        for before, node in zip([None, *row], row, strict=False):
            apart = 0.0 if before is None else (_width(before) + _width(node)) / 2
            placed.append(max(wanted[node], placed[-1] + apart) if placed else wanted[node])
        shift = sum(wanted.values()) / len(row) - sum(placed) / len(row)
        columns.update({node: place + shift for node, place in zip(row, placed, strict=True)})
    return columns


def _width(node: Node) -> float:
    return 1.0 if isinstance(node, int) else 0.3
