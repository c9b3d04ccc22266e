"""Mirror images."""

import numpy as np
import pytest

from kittiseg.dtl.layers.flip import Flip
from kittiseg.project.geometry import Axis
from tests.data.programs import no_draw, only
from tests.data.projects import annotation_of, bitmap_of, item_of, one_of_each


def test_vertical_is_left_for_right() -> None:
    """About the vertical axis, as the original had it; today's platform has it the other way round."""
    item = item_of(annotation_of({"car": bitmap_of("##", "#.", top=1, left=0)}))

    flipped = only(Flip(axis="vertical").apply(item, no_draw))

    assert np.array_equal(flipped.image.pixels(), item.image.pixels()[:, ::-1])
    assert flipped.annotation.figures[0].shape == bitmap_of("##", ".#", top=1, left=6)
    assert flipped.marks == ("flipv",)


def test_horizontal_is_upside_down() -> None:
    item = item_of(annotation_of({"car": bitmap_of("##", "#.", top=1, left=0)}))

    flipped = only(Flip(axis="horizontal").apply(item, no_draw))

    assert np.array_equal(flipped.image.pixels(), item.image.pixels()[::-1])
    assert flipped.annotation.figures[0].shape == bitmap_of("#.", "##", top=3, left=0)
    assert flipped.marks == ("fliph",)


@pytest.mark.parametrize("axis", ["vertical", "horizontal"])
def test_twice_is_nothing(axis: Axis) -> None:
    """Pixels and figures of every shape come back where they were."""
    item = item_of(annotation_of(one_of_each()))

    twice = only(Flip(axis=axis).apply(only(Flip(axis=axis).apply(item, no_draw)), no_draw))

    assert np.array_equal(twice.image.pixels(), item.image.pixels())
    assert twice.annotation == item.annotation
