from typing import Any

import numpy as np
import pytest
import torch

from kittiseg.training.class_weights import class_weights, median_frequency
from kittiseg.training.classes import ClassIndex
from tests.data.projects import meta_of
from tests.data.training import tiny_config

COUNTS_NC = np.array([[3, 1, 0], [2, 0, 0]])
"""Of two pictures of four pixels; two of the second are neutral."""


def weights(wanted: Any) -> tuple[float, ...]:
    config = tiny_config(class_weights=wanted)
    classes = ClassIndex.of(meta_of({"van": "bitmap", "car": "bitmap"}), config.special_classes)
    return class_weights(config, classes, COUNTS_NC)


def test_a_share_is_that_of_the_pictures_with_the_class() -> None:
    """Background 5 of 6 px, the car 1 of the 4 px of its picture; the van is nowhere and weighs 1."""
    median = (5 / 6 + 1 / 4) / 2

    assert median_frequency(COUNTS_NC).tolist() == pytest.approx([median / (5 / 6), median * 4, 1])


def test_no_picture_weighs_nothing_up() -> None:
    """Neither do pictures that are all neutral."""
    assert median_frequency(np.zeros((2, 3), np.int64)).tolist() == [1, 1, 1]


def test_a_config_has_none_or_some_or_balanced_ones() -> None:
    """In the order of the channels; 1 for a class that is not named."""
    assert weights(None) == ()
    assert weights({"van": 4, "bg": 0.5}) == (0.5, 1, 4)
    assert weights("balanced") == pytest.approx(median_frequency(COUNTS_NC).tolist())
    assert all(isinstance(weight, float) for weight in weights("balanced"))
    assert torch.tensor(weights("balanced")).shape == (3,)
