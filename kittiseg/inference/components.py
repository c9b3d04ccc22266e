"""The connected components of a picture that comes in bands: pixels of one label that hang together by their sides.

Rows are cut into runs of one label; a run hangs together with those of its label that it lies on. Two passes and a
graph between them: Rosenfeld and Pfaltz, "Sequential operations in digital picture processing", Journal of the ACM 13
(1966). All is reckoned on runs, of which there are far fewer than pixels.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from kittiseg.inference.bands import recut
from kittiseg.inference.scored import Band, Scored

_PIXELS = 1 << 23  # of a piece: some bytes of memory for each


@dataclass(frozen=True, slots=True)
class Runs:
    """Stretches of one label in a row, from the top, in a row from the left; all arrays are of one length.

    ``left_n`` and ``right_n``: px, half-open. ``part_n``: which part of which component it belongs to, see
    :class:`Parts`.
    """

    row_n: np.ndarray
    left_n: np.ndarray
    right_n: np.ndarray
    label_n: np.ndarray
    part_n: np.ndarray

    @property
    def length_n(self) -> np.ndarray:
        return self.right_n - self.left_n


@dataclass(frozen=True, slots=True)
class Contacts:
    """Stretches of the seams between two rows, along which one run lies above another; from the top, from the left.

    ``above_n`` and ``below_n`` are indices of runs, ``row_n`` is the row below; ``left_n`` and ``right_n``: px,
    half-open.
    """

    above_n: np.ndarray
    below_n: np.ndarray
    row_n: np.ndarray
    left_n: np.ndarray
    right_n: np.ndarray


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows of a picture with the row above them, to which the first ``known`` runs belong; the top has none.

    ``first_part``: all parts of lower numbers belong to pieces above. ``parts``: how many parts there are with those
    of this one.
    """

    band: Band
    runs: Runs
    contacts: Contacts
    known: int
    first_part: int
    parts: int


@dataclass
class Parts:
    """The parts of components: what of them lies in one piece. Their numbers do not depend on how bands are cut."""

    _above: tuple[np.ndarray, np.ndarray] | None = field(default=None, init=False)
    _count: int = field(default=0, init=False)
    _links: list[np.ndarray] = field(default_factory=list, init=False)

    def pieces(self, scored: Scored) -> Iterator[Piece]:
        """The picture from the top, once."""
        for band in recut(scored, max(_PIXELS // scored.size.width, 1)):
            yield self._add(band)

    def components(self) -> np.ndarray:
        """Part -> component, int32; to be asked when all pieces have come."""
        links_2n = np.concatenate(self._links, axis=1) if self._links else np.empty((2, 0), int)
        return _connected(links_2n[0], links_2n[1], self._count)

    def _add(self, band: Band) -> Piece:
        labels_hw, known = band.labels_hw, 0
        if self._above is not None:
            row_w, parts_n = self._above
            labels_hw, known = np.concatenate([row_w[None], labels_hw]), len(parts_n)
        row_n, left_n, right_n, label_n, contacts = _cut(labels_hw, band.top - (self._above is not None))
        same_k = label_n[contacts.above_n] == label_n[contacts.below_n]
        local_n = _connected(contacts.above_n[same_k], contacts.below_n[same_k], len(row_n))
        first, part_n = self._count, local_n + self._count
        self._count += int(local_n.max()) + 1
        if self._above is not None:
            self._links.append(np.unique(np.stack([self._above[1], part_n[:known]]), axis=1))
        self._above = (labels_hw[-1].copy(), part_n[row_n == row_n[-1]])
        return Piece(band, Runs(row_n, left_n, right_n, label_n, part_n), contacts, known, first, self._count)


def _cut(labels_hw: np.ndarray, top: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, Contacts]:
    """Rows, lefts, rights and labels of the runs, and where they lie on one another. ``top``: of the first row."""
    width = labels_hw.shape[1]
    begins_hw = np.ones(labels_hw.shape, bool)
    np.not_equal(labels_hw[:, 1:], labels_hw[:, :-1], out=begins_hw[:, 1:])
    at_n = np.flatnonzero(begins_hw)
    row_n, left_n, right_n = _places(at_n, labels_hw.size, width)
    begins_n = begins_hw[1:] | begins_hw[:-1]
    at_k = np.flatnonzero(begins_n)
    first_below = int(np.count_nonzero(begins_hw[0]))
    above_k = np.cumsum(begins_hw[:-1].ravel()[at_k]) - 1
    below_k = np.cumsum(begins_hw[1:].ravel()[at_k]) - 1 + first_below
    seam_k, start_k, stop_k = _places(at_k, begins_n.size, width)
    contacts = Contacts(above_k, below_k, seam_k + top + 1, start_k, stop_k)
    return row_n + top, left_n, right_n, labels_hw.ravel()[at_n], contacts


def _places(at_n: np.ndarray, size: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row, left and right of stretches that begin at ``at_n`` of ``size`` pixels, each where the one before ends."""
    row_n, left_n = np.divmod(at_n, width)
    return row_n, left_n, np.append(at_n[1:], size) - row_n * width


def _connected(one_k: np.ndarray, other_k: np.ndarray, count: int) -> np.ndarray:
    """The component of each of ``count`` nodes, int32, by edges between nodes."""
    graph = coo_array((np.ones(len(one_k), bool), (one_k, other_k)), shape=(count, count))
    return connected_components(graph, directed=False)[1]
