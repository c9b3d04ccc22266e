"""Run lengths down the columns."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kittiseg.inference.writers.run_lengths import compressed, run_lengths
from tests.data.scored import cut_label_maps, scored_of


@settings(max_examples=40)
@given(cut_label_maps())
def test_run_lengths_make_the_mask_again(cut: tuple[np.ndarray, list[int]]):
    """Of every label, from whatever bands; the first run is of pixels that are not set, and may be empty."""
    labels_hw, rows = cut

    for label, counts_n in run_lengths(scored_of(labels_hw, rows=rows), [0, 1, 2]).items():
        is_set_n = np.repeat(np.arange(len(counts_n)) % 2, counts_n).astype(bool)
        np.testing.assert_array_equal(is_set_n.reshape(labels_hw.T.shape).T, labels_hw == label)
        assert (counts_n[1:] > 0).all()


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ([3], "3"),
        ([0, 3], "03"),
        ([5, 1, 2], "512"),
        ([0, 40, 1, 40, 1000, 3, 1], "0X110Wo0kNiPO"),
        ([100, 7, 2000, 7, 1, 100000, 15, 16, 17, 31, 32, 33], "T37`n10aQNidQ3>`[nL2??2"),
    ],
)
def test_texts_are_those_of_the_coco_api(counts: list[int], text: str):
    """As pycocotools 2.0.11 writes them."""
    assert compressed(np.array(counts)) == text


def uncompressed(text: str) -> list[int]:
    """``rleFrString`` of the COCO API."""
    counts: list[int] = []
    at = 0
    while at < len(text):
        number = places = 0
        more = True
        while more:
            letter = ord(text[at]) - 48
            number |= (letter & 31) << 5 * places
            more = bool(letter & 32)
            at, places = at + 1, places + 1
            if not more and letter & 16:
                number |= -1 << 5 * places
        counts.append(number + (counts[-2] if len(counts) > 2 else 0))
    return counts


@settings(max_examples=40)
@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=30))
def test_texts_are_read_again(counts: list[int]):
    """Numbers of any length, growing and shrinking."""
    assert uncompressed(compressed(np.array(counts))) == counts
