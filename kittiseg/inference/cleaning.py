"""Label maps without specks and holes, of pictures of any size."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from kittiseg.inference.components import Parts, Piece
from kittiseg.inference.scored import NOTHING, Band, Scored
from kittiseg.project.geometry import Size


@dataclass(frozen=True)
class Cleaned:
    """A scored picture whose small components take the label of what is around them; probabilities stay.

    Components hang together by the sides of their pixels. One gives way that has fewer than ``min_area`` px, or that
    has fewer than ``fill_holes`` px and is a hole: it has one neighbour, and touches neither the picture's edge nor
    pixels of which nothing is known. It takes the label of that neighbour with which it shares the longest border
    (of equal ones the lower label) among those that do not give way, as GDAL's sieve does. Where there is none it
    waits until neighbours have got theirs; where none ever does, it stays. :data:`NOTHING` is no label to take, and
    stays where it is.

    The result does not depend on the bands. It takes two passes over them, and memory for the components.
    """

    scored: Scored
    min_area: int
    fill_holes: int

    @property
    def size(self) -> Size:
        return self.scored.size

    def bands(self) -> Iterator[Band]:
        for piece in Parts().pieces(self.scored):
            runs, new = piece.runs, slice(piece.known, None)
            label_n = self._labels[runs.part_n[new]]
            labels_hw = np.repeat(label_n, runs.length_n[new]).reshape(piece.band.labels_hw.shape)
            yield Band(piece.band.top, labels_hw, piece.band.probs_chw)

    @cached_property
    def _labels(self) -> np.ndarray:
        """Part of a component -> its label from now on."""
        parts, survey = Parts(), _Survey(self.size)
        for piece in parts.pieces(self.scored):
            survey.add(piece)
        component_p = parts.components()
        regions = survey.regions(component_p)
        gives_way = regions.label < NOTHING
        gives_way &= (regions.area < self.min_area) | (regions.is_hole & (regions.area < self.fill_holes))
        return _relabelled(regions, gives_way)[component_p]


@dataclass(frozen=True, slots=True)
class _Regions:
    """The components by number, and their borders both ways: ``border`` px of ``one`` lie at ``other``.

    Those with :data:`NOTHING` are left out.
    """

    label: np.ndarray
    area: np.ndarray
    is_hole: np.ndarray
    one: np.ndarray
    other: np.ndarray
    border: np.ndarray


@dataclass
class _Survey:
    """Gathers what is known of the parts."""

    size: Size
    _label: list[np.ndarray] = field(default_factory=list)
    _area: list[np.ndarray] = field(default_factory=list)
    _is_open: list[np.ndarray] = field(default_factory=list)
    _borders: list[np.ndarray] = field(default_factory=list)  # one, other, px

    def add(self, piece: Piece) -> None:
        runs, new = piece.runs, slice(piece.known, None)
        local_n = runs.part_n - piece.first_part
        count = piece.parts - piece.first_part
        label_p, is_open_p = np.empty(count, np.uint8), np.zeros(count, bool)
        label_p[local_n] = runs.label_n
        at_edge_n = (runs.left_n == 0) | (runs.right_n == self.size.width)
        at_edge_n |= (runs.row_n == 0) | (runs.row_n == self.size.height - 1)
        is_open_p[local_n[at_edge_n]] = True
        self._label.append(label_p)
        self._area.append(np.bincount(local_n[new], runs.length_n[new], minlength=count).astype(np.int64))
        self._is_open.append(is_open_p)
        self._add_borders(piece)

    def regions(self, component_p: np.ndarray) -> _Regions:
        """``component_p``: part -> component."""
        count = int(component_p.max()) + 1
        label, is_open = np.empty(count, np.uint8), np.zeros(count, bool)
        label[component_p] = np.concatenate(self._label)
        is_open[component_p[np.concatenate(self._is_open)]] = True
        area = np.bincount(component_p, np.concatenate(self._area), minlength=count).astype(np.int64)
        one, other, border = np.concatenate(self._borders, axis=1)
        one, other = component_p[one], component_p[other]
        one, other, border = _summed(np.append(one, other), np.append(other, one), np.append(border, border))
        known = label[other] < NOTHING
        is_open[one[~known]] = True
        one, other, border = one[known], other[known], border[known]
        is_hole = ~is_open & (np.bincount(one, minlength=count) == 1)
        return _Regions(label, area, is_hole, one, other, border)

    def _add_borders(self, piece: Piece) -> None:
        """Between a row's runs, and along the seams between rows."""
        runs, contacts = piece.runs, piece.contacts
        left_k = np.flatnonzero(runs.row_n[piece.known + 1 :] == runs.row_n[piece.known : -1]) + piece.known
        differ_k = np.flatnonzero(runs.label_n[contacts.above_n] != runs.label_n[contacts.below_n])
        one = np.append(runs.part_n[left_k], runs.part_n[contacts.above_n[differ_k]])
        other = np.append(runs.part_n[left_k + 1], runs.part_n[contacts.below_n[differ_k]])
        border = np.append(np.ones(len(left_k), int), (contacts.right_n - contacts.left_n)[differ_k])
        self._borders.append(np.stack(_summed(np.minimum(one, other), np.maximum(one, other), border)))


def _summed(one: np.ndarray, other: np.ndarray, border: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each pair once, with the sum of its borders."""
    count = int(other.max(initial=0)) + 1
    pair, index = np.unique(one.astype(np.int64) * count + other, return_inverse=True)
    return pair // count, pair % count, np.bincount(index, border, minlength=len(pair)).astype(np.int64)


def _relabelled(regions: _Regions, gives_way: np.ndarray) -> np.ndarray:
    """The label of each component when all that can give way have done so."""
    label, waits = regions.label.copy(), gives_way.copy()
    one, other, border = regions.one, regions.other, regions.border
    while True:
        wanted = waits[one]
        one, other, border = one[wanted], other[wanted], border[wanted]
        ready = np.flatnonzero(~waits[other])
        if not len(ready):
            return label
        order = ready[np.lexsort((label[other[ready]], -border[ready], one[ready]))]
        settled, first = np.unique(one[order], return_index=True)
        label[settled] = label[other[order[first]]]
        waits[settled] = False
