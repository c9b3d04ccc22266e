"""Scored pictures, cut into bands in every way."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kittiseg.inference.scored import NOTHING, Band, InMemory, Scored
from kittiseg.project.geometry import Size


def scored_of(labels_hw: np.ndarray, *, rows: Sequence[int] = (), probs_chw: np.ndarray | None = None) -> InMemory:
    """In bands of so many rows from the top; all that is left is the last band."""
    edges = [0, *np.cumsum(rows, dtype=int).tolist(), len(labels_hw)]
    bands = [
        Band(top, labels_hw[top:bottom], None if probs_chw is None else probs_chw[:, top:bottom])
        for top, bottom in pairwise(edges)
        if bottom > top
    ]
    return InMemory(Size(height=labels_hw.shape[0], width=labels_hw.shape[1]), tuple(bands))


def labels_of(scored: Scored) -> np.ndarray:
    return np.concatenate([band.labels_hw for band in scored.bands()])


def drawn(*rows: str) -> np.ndarray:
    """Labels drawn with digits, '.' for :data:`NOTHING`: ``drawn("001", ".11")``."""
    return np.array([[NOTHING if char == "." else int(char) for char in row] for row in rows], np.uint8)


label_maps = arrays(
    np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.sampled_from([0, 1, 2, NOTHING])
)


@st.composite
def cut_label_maps(draw: st.DrawFn) -> tuple[np.ndarray, list[int]]:
    """Labels, and the rows of the bands to cut them into."""
    labels_hw = draw(label_maps)
    cuts = draw(st.lists(st.integers(1, len(labels_hw)), unique=True).map(sorted))
    return labels_hw, np.diff([0, *cuts]).tolist()
