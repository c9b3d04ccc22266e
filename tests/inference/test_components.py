"""Connected components of pictures in bands."""

import numpy as np
import pytest
from hypothesis import given
from skimage.measure import label

from kittiseg.inference import components
from kittiseg.inference.components import Parts
from tests.data.scored import cut_label_maps, drawn, scored_of


def components_of(labels_hw: np.ndarray, rows: list[int]) -> np.ndarray:
    """The component of each pixel, as the pieces tell it."""
    parts, found = Parts(), []
    for piece in parts.pieces(scored_of(labels_hw, rows=rows)):
        new = slice(piece.known, None)
        found.append(np.repeat(piece.runs.part_n[new], piece.runs.length_n[new]))
    return parts.components()[np.concatenate(found)].reshape(labels_hw.shape)


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row or a few at a time, so that nearly everything goes over a seam."""
    monkeypatch.setattr(components, "_PIXELS", 16)


@given(cut_label_maps())
def test_components_are_those_of_scikit_image(cut: tuple[np.ndarray, list[int]]):
    """Up to their numbers; NOTHING is a label like any other here."""
    labels_hw, rows = cut

    found_hw = components_of(labels_hw, rows)

    pairs = {*zip(found_hw.flat, label(labels_hw.astype(int), background=-1, connectivity=1).flat, strict=True)}
    assert len({mine for mine, _ in pairs}) == len({other for _, other in pairs}) == len(pairs)


def test_contacts_are_the_stretches_of_a_seam():
    """Each as long as both runs last."""
    (piece,) = Parts().pieces(scored_of(drawn("0011", "0221")))

    contacts, runs = piece.contacts, piece.runs
    pairs = zip(runs.label_n[contacts.above_n], runs.label_n[contacts.below_n], strict=True)
    assert list(pairs) == [(0, 0), (0, 2), (1, 2), (1, 1)]
    assert contacts.left_n.tolist() == [0, 1, 2, 3]
    assert contacts.right_n.tolist() == [1, 2, 3, 4]
    assert contacts.row_n.tolist() == [1] * 4
