"""Specks and holes."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.measure import label

from kittiseg.inference import components
from kittiseg.inference.cleaning import Cleaned
from kittiseg.inference.scored import NOTHING
from tests.data.scored import cut_label_maps, drawn, labels_of, scored_of


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(components, "_PIXELS", 16)


def cleaned(labels_hw: np.ndarray, *, min_area: int = 0, fill_holes: int = 0, rows: tuple[int, ...] = ()) -> np.ndarray:
    return labels_of(Cleaned(scored_of(labels_hw, rows=rows), min_area=min_area, fill_holes=fill_holes))


def by_hand(labels_hw: np.ndarray, min_area: int, fill_holes: int) -> np.ndarray:
    """The rule, pixel by pixel, with the whole picture in memory."""
    ids_hw = label(labels_hw.astype(int), background=-1, connectivity=1)
    area, of = Counter(ids_hw.flat), dict(zip(ids_hw.flat, labels_hw.flat, strict=True))
    borders: dict[int, Counter[int]] = {each: Counter() for each in area}
    is_open = {*ids_hw[0], *ids_hw[-1], *ids_hw[:, 0], *ids_hw[:, -1]}
    for one_hw, other_hw in ((ids_hw[1:], ids_hw[:-1]), (ids_hw[:, 1:], ids_hw[:, :-1])):
        for a, b in zip(one_hw.flat, other_hw.flat, strict=True):
            for mine, its in ((a, b), (b, a)):
                if of[its] == NOTHING:
                    is_open.add(mine)
                elif mine != its:
                    borders[mine][its] += 1
    waits = {
        each
        for each in area
        if of[each] != NOTHING
        and (area[each] < min_area or (area[each] < fill_holes and len(borders[each]) == 1 and each not in is_open))
    }
    new = dict(of)
    while True:
        near = {each: [(-n, new[b]) for b, n in borders[each].items() if b not in waits] for each in waits}
        ready = {each: min(found)[1] for each, found in near.items() if found}
        if not ready:
            return np.vectorize(new.get, otypes=[np.uint8])(ids_hw)
        new.update(ready)
        waits -= ready.keys()


@given(cut_label_maps(), st.integers(0, 6), st.integers(0, 12))
def test_what_is_cleaned_is_what_the_rule_says(cut: tuple[np.ndarray, list[int]], min_area: int, fill_holes: int):
    """However the picture is cut into bands; and the bands can be asked for twice."""
    labels_hw, rows = cut
    scored = Cleaned(scored_of(labels_hw, rows=rows), min_area=min_area, fill_holes=fill_holes)

    np.testing.assert_array_equal(labels_of(scored), by_hand(labels_hw, min_area, fill_holes))
    np.testing.assert_array_equal(labels_of(scored), by_hand(labels_hw, min_area, fill_holes))


def test_a_speck_takes_the_label_with_the_longest_border():
    """Three sides at 1 and one at 0 make it 1; two and two make it 0, the lower label."""
    assert (cleaned(drawn("0000", "1211", "1111"), min_area=2) == drawn("0000", "1111", "1111")).all()
    assert (cleaned(drawn("0000", "0211", "0111"), min_area=2) == drawn("0000", "0011", "0111")).all()


def test_specks_beside_specks_wait_for_one_another():
    """Of three in a row, the middle one takes what its neighbours have taken, instead of one of their labels."""
    assert (cleaned(drawn("00000", "12120", "00000"), min_area=2) == 0).all()


def test_a_hole_is_filled_and_a_bay_is_not():
    """What touches the picture's edge goes on behind it, and what touches pixels unknown may go on there."""
    assert (cleaned(drawn("000", "010", "000"), fill_holes=2) == 0).all()
    for bay in (drawn("000", "001", "000"), drawn("0000", "0100", "0.00", "0000")):
        assert (cleaned(bay, fill_holes=2) == bay).all()


def test_what_has_no_neighbour_stays():
    """NOTHING is no label to take, and a picture of specks alone has none to give."""
    for labels_hw in (drawn("...", ".1.", "..."), drawn("01", "10"), drawn("1")):
        assert (cleaned(labels_hw, min_area=9, fill_holes=9) == labels_hw).all()


def test_probabilities_stay_beside_their_rows():
    """They are the network's, whatever label a pixel has got."""
    probs_chw = np.random.default_rng(0).random((3, 3, 3)).astype(np.float32)
    scored = Cleaned(scored_of(drawn("000", "010", "000"), probs_chw=probs_chw), min_area=2, fill_holes=0)

    for band in scored.bands():
        np.testing.assert_array_equal(band.probs_chw, probs_chw[:, band.top : band.top + len(band.labels_hw)])
