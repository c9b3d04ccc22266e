"""Each part of a mask becomes an object."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kittiseg.dtl.layers.split_masks import SplitMasks, parts
from kittiseg.errors import ConfigError
from kittiseg.project.annotation import Figure
from kittiseg.project.shapes import Bitmap
from tests.data.programs import no_draw, only
from tests.data.projects import annotation_of, bitmap_of, item_of, meta_of


def test_parts_that_touch_at_a_corner_are_one() -> None:
    mask = bitmap_of("#..#", ".#.#", "....", "#...", top=1, left=2)

    assert list(parts(mask)) == [
        bitmap_of("#.", ".#", top=1, left=2),
        bitmap_of("#", "#", top=1, left=5),
        bitmap_of("#", top=4, left=2),
    ]


@given(arrays(bool, st.tuples(st.integers(1, 8), st.integers(1, 8))))
def test_parts_are_the_mask_again(mask_hw: Any) -> None:
    """Each px is in exactly one part, and no part has empty margins."""
    sums_hw = np.zeros(mask_hw.shape, int)
    for part in parts(Bitmap(top=0, left=0, mask_hw=mask_hw)):
        sums_hw[part.window.slices] += part.mask_hw
        assert part == Bitmap.trimmed(part.mask_hw, top=part.window.top, left=part.window.left)

    assert np.array_equal(sums_hw, mask_hw)


def test_the_parts_stand_in_the_masks_place() -> None:
    mask = bitmap_of("#.#")
    item = item_of(annotation_of([("car", mask), ("bus", mask)]))

    figures = only(SplitMasks(classes=("car",)).apply(item, no_draw)).annotation.figures

    assert figures == (Figure("car", bitmap_of("#")), Figure("car", bitmap_of("#", left=2)), Figure("bus", mask))


def test_takes_masks_only() -> None:
    with pytest.raises(ConfigError, match="/classes/1: 'lane' is a line"):
        SplitMasks(classes=("car", "lane")).declare(meta_of({"car": "bitmap", "lane": "line"}))
