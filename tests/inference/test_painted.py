"""Regions as one picture."""

import numpy as np
import pytest

from kittiseg.inference.painted import painted
from kittiseg.inference.scored import NOTHING, Band, InMemory
from kittiseg.project.geometry import Size, Window
from tests.data.scored import scored_of

SIZE = Size(height=5, width=4)


def test_a_region_that_is_the_whole_picture_is_left_as_it_is():
    """Nothing is copied."""
    scored = scored_of(np.zeros((5, 4), np.uint8))

    assert painted(SIZE, [(Window.whole(SIZE), scored)]) is scored


@pytest.mark.parametrize("rows", [1, 2, 9])
def test_later_regions_lie_over_earlier_ones(rows: int, monkeypatch: pytest.MonkeyPatch):
    """However many rows a band has; what is in no region is not known."""
    monkeypatch.setattr("kittiseg.inference.painted._ROWS", rows)
    low = scored_of(np.full((3, 2), 1, np.uint8))
    high = scored_of(np.full((3, 2), 2, np.uint8))

    bands = list(
        painted(
            SIZE,
            [(Window(top=1, left=0, height=3, width=2), low), (Window(top=2, left=1, height=3, width=2), high)],
        ).bands()
    )

    n = NOTHING
    assert np.concatenate([band.labels_hw for band in bands]).tolist() == [
        [n, n, n, n],
        [1, 1, n, n],
        [1, 2, 2, n],
        [1, 2, 2, n],
        [n, 2, 2, n],
    ]
    assert all(band.probs_chw is None for band in bands)


def test_probabilities_are_0_where_nothing_is_known():
    """Beside the labels they are painted alike."""
    band = Band(0, np.ones((1, 2), np.uint8), np.array([[[0.25, 0.5]], [[0.75, 0.5]]], np.float32))
    scored = InMemory(Size(height=1, width=2), (band,))

    (found,) = painted(Size(height=1, width=3), [(Window(top=0, left=1, height=1, width=2), scored)]).bands()

    assert found.probs_chw is not None
    assert found.probs_chw.tolist() == [[[0, 0.25, 0.5]], [[0, 0.75, 0.5]]]
