"""Masks become lines of one px."""

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kittiseg.config import parse
from kittiseg.dtl.layers.skeletonize import METHODS, Skeletonize
from kittiseg.errors import ConfigError
from kittiseg.project.annotation import Figure
from tests.data.programs import no_draw, only
from tests.data.projects import annotation_of, bitmap_of, item_of, meta_of

BAR = bitmap_of("......", ".####.", ".####.", ".####.", "......", top=1, left=1)


def _layer(method: str) -> Skeletonize:
    return parse(Skeletonize, {"classes": ["car"], "method": method}, source="test")


@pytest.mark.parametrize(
    ("method", "left"),
    [
        ("skeletonization", bitmap_of("..#", "##.", top=2, left=2)),
        ("thinning", bitmap_of("##", top=3, left=3)),
        ("medial_axis", bitmap_of("#..#", ".##.", "#..#", top=2, left=2)),
    ],
)
def test_a_bar_in_each_way(method: str, left: Any) -> None:
    """At its place on the picture; other classes stay."""
    item = item_of(annotation_of([("bus", BAR), ("car", BAR)]))

    assert only(_layer(method).apply(item, no_draw)).annotation.figures == (Figure("bus", BAR), Figure("car", left))


@pytest.mark.parametrize("method", METHODS)
@given(mask_hw=arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_keeps_the_parts_of_a_mask_and_is_repeatable(method: str, mask_hw: Any) -> None:
    """Thinning takes px away, joins nothing and tears nothing, and gives the same again."""
    thin_hw = METHODS[method](mask_hw)

    assert not (thin_hw & ~mask_hw).any()
    assert cv2.connectedComponents(thin_hw.view(np.uint8))[0] == cv2.connectedComponents(mask_hw.view(np.uint8))[0]
    assert np.array_equal(METHODS[method](mask_hw), thin_hw)


def test_refuses_other_methods_and_shapes() -> None:
    with pytest.raises(ConfigError, match="/method"):
        _layer("erosion")
    with pytest.raises(ConfigError, match="/classes/0: 'car' is a polygon"):
        _layer("thinning").declare(meta_of({"car": "polygon"}))
