"""``bitmap2lines``: thin masks become lines."""

from collections import deque
from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Any

import cv2
import networkx as nx
import numpy as np
from annotated_types import Ge, Le

from kittiseg.config import Doc, settings
from kittiseg.dtl.figures import convert
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.mapping import convert_meta
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.shapes import Bitmap, Line, Shape

Pixel = tuple[int, int]
"""Row and column."""

_FEWEST_STEPS = 3
"""Shorter trees are the stubs that are left beside a long path."""


@settings
class Bitmap2Lines(Transform):
    """Turns masks into lines from px to px: the longest path through a mask, then the longest through what it left.

    Meant for masks one px wide, as ``skeletonize`` makes them. Paths of fewer than three steps are left out. The new
    objects bear no tags and no description, as in 2018.
    """

    classes_mapping: Annotated[dict[str, str], Doc("class of shape bitmap -> class of its lines; others stay")]
    min_points_cnt: Annotated[int, Ge(2), Doc("lines through fewer px are left out")]
    approx_epsilon: Annotated[
        Annotated[float, Ge(0), Le(1e6)] | None,
        Doc("how far in px a simpler line may lie from the px; without it, all px stay"),
    ] = None

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        return convert_meta(meta, self.classes_mapping, shape="line", from_shapes=["bitmap"])

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        yield convert(item, self.classes_mapping, self.lines, from_shapes=["bitmap"])

    def lines(self, shape: Shape) -> Iterator[Line]:
        assert isinstance(shape, Bitmap)
        origin = np.array([shape.window.left, shape.window.top])
        for path in longest_paths(nx.minimum_spanning_tree(pixel_graph(shape.mask_hw))):
            if len(path) >= self.min_points_cnt:
                points = np.array(path)[:, ::-1] + origin
                if self.approx_epsilon is not None:
                    points = cv2.approxPolyDP(points.astype(np.int32), self.approx_epsilon, False)[:, 0]
                yield Line(points.astype(float))


def pixel_graph(mask_hw: np.ndarray) -> Any:
    """A node for each set px, an edge between each two that touch, also at a corner."""
    graph = nx.Graph()
    pixels = [(row, column) for row, column in np.argwhere(mask_hw).tolist()]
    for row, column in pixels:
        graph.add_node((row, column))
        for before in ((row - 1, column - 1), (row - 1, column), (row - 1, column + 1), (row, column - 1)):
            if before in graph:
                graph.add_edge(before, (row, column))
    return graph


def longest_paths(forest: Any) -> Iterator[list[Pixel]]:
    """The longest path of each tree, then of each tree that is left without its edges, and so on.

    Trees of fewer than three edges give none.
    """
    trees = deque(_trees(forest))
    while trees:
        tree = trees.popleft()
        if tree.number_of_edges() < _FEWEST_STEPS:
            continue
        path = _longest_path(tree)
        yield path
        tree.remove_edges_from(pairwise(path))
        tree.remove_nodes_from(list(nx.isolates(tree)))
        trees += _trees(tree)


def _trees(forest: Any) -> list[Any]:
    return [forest.subgraph(nodes).copy() for nodes in nx.connected_components(forest)]


def _longest_path(tree: Any) -> list[Pixel]:
    """What is farthest from any px is one end of it (twice breadth first)."""
    there = _farthest_path(tree, next(iter(tree)))
    back = _farthest_path(tree, there[-1])
    return max(there, back, key=len)


def _farthest_path(tree: Any, start: Pixel) -> list[Pixel]:
    before = {child: parent for parent, child in nx.bfs_edges(tree, start)}
    path = [next(reversed(before))]
    while path[-1] != start:
        path.append(before[path[-1]])
    return path[::-1]
