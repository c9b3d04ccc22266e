"""Channels mixed a little."""

import numpy as np
import pytest

from kittiseg.config import parse
from kittiseg.dtl.layers.random_color import RandomColor, mix
from kittiseg.errors import ConfigError
from tests.data.programs import draws, only
from tests.data.projects import annotation_of, item_of, picture


def test_a_pixel_is_a_row_before_the_weights() -> None:
    """Red goes by the first row into all three channels; clipped, and cut off to whole numbers."""
    weights = np.array([[1.0, 0.5, 0], [0, 1, 0], [-1, 0, 2]])

    mixed_hwc = mix(np.array([[[101, 20, 30], [10, 0, 200]]], np.uint8), weights=weights)

    assert mixed_hwc.tolist() == [[[71, 70, 60], [0, 5, 255]]]


def test_no_strength_changes_nothing() -> None:
    item = item_of(annotation_of({}))

    assert np.array_equal(only(RandomColor(strength=0).apply(item, draws())).image.pixels(), item.image.pixels())


def test_weights_are_drawn_about_no_change() -> None:
    """Their deviation is a fifth of the strength; what was drawn is what was done."""
    item = item_of(annotation_of({}))
    made = [only(RandomColor(strength=0.5).apply(item, draws(str(name)))) for name in range(200)]
    weights = np.array([each.did["weights"] for each in made])

    assert np.abs(weights.mean(axis=0) - np.eye(3)).max() < 0.04
    assert abs((weights - np.eye(3)).std() - 0.1) < 0.01
    assert np.array_equal(made[0].image.pixels(), mix(picture(), weights=weights[0]))


@pytest.mark.parametrize("strength", [-0.1, 1.1])
def test_strength_is_from_0_to_1(strength: float) -> None:
    assert parse(RandomColor, {}, source="test").strength == 0.25
    with pytest.raises(ConfigError, match="/strength"):
        parse(RandomColor, {"strength": strength}, source="test")
