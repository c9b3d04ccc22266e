"""Grain."""

import numpy as np
import pytest

from kittiseg.config import parse
from kittiseg.dtl.layers.noise import Noise
from kittiseg.errors import ConfigError
from kittiseg.project.geometry import Size
from kittiseg.project.item import Item
from kittiseg.project.pixels import LazyImage
from tests.data.programs import draws, only
from tests.data.projects import annotation_of, item_of

SIZE = Size(height=80, width=90)


def _grey(value: int) -> Item:
    item = item_of(annotation_of({}, size=SIZE))
    image_hwc = np.full((SIZE.height, SIZE.width, 3), value, np.uint8)
    return Item(item.key, LazyImage.from_array(image_hwc), item.annotation, item.dataset)


def test_mean_and_deviation_are_as_asked() -> None:
    """Cutting off takes half a step; each channel has noise of its own."""
    made_hwc = only(Noise(mean=10, std=6).apply(_grey(100), draws())).image.pixels().astype(float)

    assert abs(made_hwc.mean() - 109.5) < 0.2
    assert abs(made_hwc.std() - 6) < 0.2
    assert abs(np.corrcoef(made_hwc[..., 0].ravel(), made_hwc[..., 1].ravel())[0, 1]) < 0.05


@pytest.mark.parametrize(("mean", "value"), [(0, 100), (0.9, 100), (-0.1, 99), (300, 255), (-300, 0)])
def test_without_deviation_only_the_mean_is_added(mean: float, value: int) -> None:
    """Clipped, and cut off to whole numbers."""
    made = only(Noise(mean=mean, std=0).apply(_grey(100), draws()))

    assert (made.image.pixels() == value).all()


def test_same_draw_same_noise() -> None:
    """Whenever the pixels are asked for."""
    one, same, other = (only(Noise(mean=0, std=9).apply(_grey(100), draws(name))) for name in ("a", "a", "b"))

    assert np.array_equal(one.image.pixels(), same.image.pixels())
    assert not np.array_equal(one.image.pixels(), other.image.pixels())


def test_deviation_is_not_negative() -> None:
    """The original failed on every picture."""
    with pytest.raises(ConfigError, match="/std"):
        parse(Noise, {"mean": 0, "std": -1}, source="test")
