"""The outlines of connected components, along the edges of their pixels, of pictures in bands.

Only the horizontal edges are gathered, row by row; they are linked when all are there. So nothing has to be joined
where bands meet, and the memory is that of the outlines. An outline goes clockwise as the picture is seen, holes
counterclockwise: the component is always on its right.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from kittiseg.inference.components import Parts, Piece
from kittiseg.inference.scored import NOTHING, Band, Scored
from kittiseg.project.geometry import Size, Window


@dataclass(frozen=True, slots=True)
class Outline:
    """One component. ``rings``: corners (n, 2) int as (x, y) in px, pixel (0, 0) covering 0..1; holes after the first.

    Rings are not closed. Each begins with its topmost edge, of these the leftmost, and goes along the row first.
    """

    label: int
    rings: tuple[np.ndarray, ...]

    @property
    def window(self) -> Window:
        (left, top), (right, bottom) = self.rings[0].min(axis=0).tolist(), self.rings[0].max(axis=0).tolist()
        return Window(top=top, left=left, height=bottom - top, width=right - left)

    @property
    def area(self) -> int:
        """Px: Green's theorem over the horizontal edges."""
        edges = np.concatenate(self.rings).reshape(-1, 2, 2).astype(np.int64)
        return int(((edges[:, 0, 0] - edges[:, 1, 0]) * edges[:, 0, 1]).sum())


def outlines(scored: Scored, labels: Collection[int], *, simple: bool = False) -> Iterator[Outline]:
    """Those of all components of these labels, in the order of their first pixels, row by row.

    Components hang together by the sides of their pixels. Where two pixels of one component meet in a corner only, the
    outline keeps to the pixel it comes along; it may touch itself there. With ``simple`` it crosses over instead: then
    no ring touches itself, as the Simple Features standard (OGC 06-103r4) wants polygons, and a hole that is
    open in a corner only is a hole.
    """
    edges, component_n = _gathered(scored, labels)
    next_n = _links(edges)
    if simple:
        _cross_over(edges, component_n, next_n)
    yield from _rings(edges, component_n, next_n)


@dataclass(frozen=True, slots=True)
class _Framed:
    """A picture below a row of :data:`NOTHING` and above another one."""

    scored: Scored

    @property
    def size(self) -> Size:
        return Size(height=self.scored.size.height + 2, width=self.scored.size.width)

    def bands(self) -> Iterator[Band]:
        frame_hw = np.full((1, self.size.width), NOTHING, np.uint8)
        yield Band(0, frame_hw)
        for band in self.scored.bands():
            yield Band(band.top + 1, band.labels_hw)
        yield Band(self.size.height - 1, frame_hw)


@dataclass(frozen=True, slots=True)
class _Edges:
    """Horizontal edges, each along one run of the component that it belongs to.

    They lie above row ``row_n`` and go from ``start_n`` to ``end_n`` (px): to the right above their component, to the
    left below it. ``starts_left_n``, ``ends_left_n``: whether the outline turns left where they start and end, since
    the run goes on there; else right.
    """

    row_n: np.ndarray
    start_n: np.ndarray
    end_n: np.ndarray
    starts_left_n: np.ndarray
    ends_left_n: np.ndarray
    part_n: np.ndarray
    label_n: np.ndarray

    @property
    def columns(self) -> tuple[np.ndarray, ...]:
        one = (self.row_n, self.start_n, self.end_n)
        return (*one, self.starts_left_n, self.ends_left_n, self.part_n, self.label_n)

    @property
    def goes_right_n(self) -> np.ndarray:
        return self.start_n < self.end_n


def _gathered(scored: Scored, labels: Collection[int]) -> tuple[_Edges, np.ndarray]:
    """All edges and their components: those in the order of their first pixels, within one by row, then by column."""
    parts = Parts()
    found = [_edges(piece, labels).columns for piece in parts.pieces(_Framed(scored))]
    edges = _Edges(*map(np.concatenate, zip(*found, strict=True)))
    component_n = parts.components()[edges.part_n]
    order_n = np.lexsort((np.minimum(edges.start_n, edges.end_n), edges.row_n))
    _, first_c, index_n = np.unique(component_n[order_n], return_index=True, return_inverse=True)
    order_n = order_n[np.argsort(first_c[index_n], kind="stable")]
    return _Edges(*(column[order_n] for column in edges.columns)), component_n[order_n]


def _edges(piece: Piece, labels: Collection[int]) -> _Edges:
    """Those along the seams of a piece, where the labels above and below differ."""
    runs, contacts = piece.runs, piece.contacts
    is_wanted = np.isin(np.arange(256), list(labels))
    differ_k = runs.label_n[contacts.above_n] != runs.label_n[contacts.below_n]
    found = []
    for is_above_it, run_k in ((True, contacts.below_n), (False, contacts.above_n)):
        at_k = np.flatnonzero(differ_k & is_wanted[runs.label_n[run_k]])
        begins_k = np.ones(len(at_k), bool)  # one edge for each run, though it may have many others on its other side
        begins_k[1:] = (np.diff(at_k) > 1) | (np.diff(run_k[at_k]) != 0)
        first_n, last_n = at_k[begins_k], at_k[np.append(begins_k[1:], True)[: len(at_k)]]
        run_n, left_n, right_n = run_k[first_n], contacts.left_n[first_n], contacts.right_n[last_n]
        ends = [(left_n, left_n > runs.left_n[run_n]), (right_n, right_n < runs.right_n[run_n])]
        (start_n, starts_left_n), (end_n, ends_left_n) = ends if is_above_it else ends[::-1]
        places = [column.astype(np.int32) for column in (contacts.row_n[first_n] - 1, start_n, end_n)]  # unframed
        found.append((*places, starts_left_n, ends_left_n, runs.part_n[run_n], runs.label_n[run_n]))
    return _Edges(*map(np.concatenate, zip(*found, strict=True)))


def _links(edges: _Edges) -> np.ndarray:
    """Edge -> the horizontal edge that follows it on its ring, behind a vertical line.

    The vertical lines of one direction in one column do not overlap. So, down each column, the edges that such lines
    come from and those that they go to alternate: the n-th goes with the n-th.
    """
    next_n = np.empty(len(edges.row_n), np.int32)
    from_above_n = edges.goes_right_n == edges.starts_left_n
    goes_down_n = edges.goes_right_n != edges.ends_left_n
    for is_down in (True, False):
        from_n, to_n = np.flatnonzero(goes_down_n == is_down), np.flatnonzero(from_above_n == is_down)
        from_n = from_n[np.lexsort((edges.row_n[from_n], edges.end_n[from_n]))]
        next_n[from_n] = to_n[np.lexsort((edges.row_n[to_n], edges.start_n[to_n]))]
    return next_n


def _cross_over(edges: _Edges, component_n: np.ndarray, next_n: np.ndarray) -> None:
    """Changes the links where two pixels of a component meet in a corner only, so that its outline crosses over.

    In such a corner two edges end, or two start, one from each side, both turning right.
    """
    one_k, other_k = _meeting(edges, edges.end_n, ~edges.ends_left_n, component_n)
    next_n[one_k], next_n[other_k] = next_n[other_k], next_n[one_k]
    before_n = np.argsort(next_n)
    one_k, other_k = _meeting(edges, edges.start_n, ~edges.starts_left_n, component_n)
    next_n[before_n[one_k]], next_n[before_n[other_k]] = other_k, one_k


def _meeting(
    edges: _Edges, at_n: np.ndarray, turns_right_n: np.ndarray, component_n: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The pairs of edges of one component that turn right in one corner."""
    place_n = edges.row_n.astype(np.int64) * (int(at_n.max(initial=0)) + 1) + at_n
    rightward, leftward = (np.flatnonzero(turns_right_n & (edges.goes_right_n == way)) for way in (True, False))
    _, one_k, other_k = np.intersect1d(place_n[rightward], place_n[leftward], assume_unique=True, return_indices=True)
    one_k, other_k = rightward[one_k], leftward[other_k]
    is_one_k = component_n[one_k] == component_n[other_k]
    return one_k[is_one_k], other_k[is_one_k]


def _rings(edges: _Edges, component_n: np.ndarray, next_n: np.ndarray) -> Iterator[Outline]:
    """The edges as closed rings, those of one component together; its first edge is on the outer one."""
    order_n, first_r = _cycles(next_n)
    corners_n22 = np.stack(
        [np.stack([at_n[order_n], edges.row_n[order_n]], axis=1) for at_n in (edges.start_n, edges.end_n)], axis=1
    )
    edge_r = order_n[first_r[:-1]]
    begins = np.flatnonzero(np.diff(component_n[edge_r], prepend=-1)).tolist()
    for begin, end in pairwise([*begins, len(edge_r)]):
        rings = (corners_n22[first_r[ring] : first_r[ring + 1]].reshape(-1, 2) for ring in range(begin, end))
        yield Outline(int(edges.label_n[edge_r[begin]]), tuple(rings))


def _cycles(next_n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The places of a permutation, cycle after cycle by their lowest, and where each cycle begins; last, their end."""
    order_n, begins = np.empty_like(next_n), []
    follow, order, is_done = next_n.data, order_n.data, bytearray(len(next_n))  # ints, where numpy has objects
    at = 0
    for first in range(len(next_n)):
        if is_done[first]:
            continue
        begins.append(at)
        place = first
        while not is_done[place]:
            is_done[place] = 1
            order[at] = place
            place = follow[place]
            at += 1
    return order_n, np.array([*begins, at])
