from typing import Any

import numpy as np
import pytest
import torch

from kittiseg.training.class_weights import class_weights, count_pixels, median_frequency
from kittiseg.training.classes import ClassIndex
from tests.data.projects import meta_of
from tests.data.training import tiny_config

LABELS_NHW = np.array([[[0, 0, 0, 1]], [[0, 0, 255, 255]]], np.uint8)


def weights(wanted: Any) -> tuple[float, ...]:
    config = tiny_config(class_weights=wanted)
    return class_weights(
        config, ClassIndex.of(meta_of({"van": "bitmap", "car": "bitmap"}), config.special_classes), LABELS_NHW
    )


def test_neutral_pixels_are_of_no_class() -> None:
    """Two of the second picture's four."""
    assert count_pixels(LABELS_NHW, 3).tolist() == [[3, 1, 0], [2, 0, 0]]


def test_a_share_is_that_of_the_pictures_with_the_class() -> None:
    """Background 5 of 6 px, the car 1 of the 4 px of its picture; the van is nowhere and weighs 1."""
    median = (5 / 6 + 1 / 4) / 2

    assert median_frequency(count_pixels(LABELS_NHW, 3)).tolist() == pytest.approx([median / (5 / 6), median * 4, 1])


def test_no_picture_weighs_nothing_up() -> None:
    """Neither do pictures that are all neutral."""
    assert median_frequency(np.zeros((2, 3), np.int64)).tolist() == [1, 1, 1]


def test_a_config_has_none_or_some_or_balanced_ones() -> None:
    """In the order of the channels; 1 for a class that is not named."""
    assert weights(None) == ()
    assert weights({"van": 4, "bg": 0.5}) == (0.5, 1, 4)
    assert weights("balanced") == pytest.approx(median_frequency(count_pixels(LABELS_NHW, 3)).tolist())
    assert all(isinstance(weight, float) for weight in weights("balanced"))
    assert torch.tensor(weights("balanced")).shape == (3,)
