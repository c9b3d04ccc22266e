"""Bands of other heights."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kittiseg.inference.bands import recut
from tests.data.scored import cut_label_maps, scored_of


@given(cut_label_maps(), st.integers(1, 10))
def test_bands_have_the_height_that_is_wanted(cut: tuple[np.ndarray, list[int]], rows: int):
    """Labels and probabilities stay in their places, whatever bands they came in."""
    labels_hw, heights = cut
    probs_chw = np.random.default_rng(0).random((2, *labels_hw.shape)).astype(np.float32)

    bands = list(recut(scored_of(labels_hw, rows=heights, probs_chw=probs_chw), rows))

    assert [band.top for band in bands] == list(range(0, len(labels_hw), rows))
    for band in bands:
        np.testing.assert_array_equal(band.labels_hw, labels_hw[band.top : band.top + rows])
        np.testing.assert_array_equal(band.probs_chw, probs_chw[:, band.top : band.top + rows])


def test_no_probabilities_stay_none():
    """Also where bands are joined."""
    (band,) = recut(scored_of(np.zeros((4, 3), np.uint8), rows=(1, 2)), 4)

    assert band.probs_chw is None
