"""Contrast and brightness."""

from typing import Any

import numpy as np
import pytest

from kittiseg.config import parse
from kittiseg.dtl.layers.contrast_brightness import Brightness, Contrast, ContrastBrightness, adjust
from kittiseg.errors import ConfigError
from tests.data.programs import draws, only
from tests.data.projects import annotation_of, item_of, picture


@pytest.mark.parametrize(
    ("factor", "summand", "center"), [(1, 0, 0), (1.37, -20.6, 0), (0.4, 11.1, 128), (10, 255, 128), (0, -255, 0)]
)
def test_every_value_as_the_formula_has_it(factor: float, summand: float, center: int) -> None:
    """Clipped and cut off to whole numbers, in single precision."""
    image_hwc = picture()
    exact_hwc = (image_hwc.astype(np.float32) - center) * np.float32(factor) + np.float32(summand + center)

    assert np.array_equal(
        adjust(image_hwc, factor=factor, summand=summand, center=center), np.trunc(np.clip(exact_hwc, 0, 255))
    )


def test_about_grey_or_about_black() -> None:
    """Middle grey stays where contrast spreads about it."""
    grey_hwc = np.full((1, 1, 3), 128, np.uint8)

    assert adjust(grey_hwc, factor=1.5, summand=0, center=128).tolist() == [[[128] * 3]]
    assert adjust(grey_hwc, factor=1.5, summand=0, center=0).tolist() == [[[192] * 3]]


@pytest.mark.parametrize("center_grey", [True, False])
def test_both_are_drawn_for_each_picture(center_grey: bool) -> None:
    """Each in its own range; what was drawn is what was done."""
    layer = ContrastBrightness(
        contrast=Contrast(min=0.5, max=2, center_grey=center_grey), brightness=Brightness(min=-9, max=30)
    )
    item = item_of(annotation_of({}))

    made = [only(layer.apply(item, draws(str(name)))) for name in range(50)]

    assert 0.5 <= min(each.did["contrast"] for each in made) < 0.7
    assert 27 < max(each.did["brightness"] for each in made) <= 30
    did = made[0].did
    expected_hwc = adjust(
        item.image.pixels(), factor=did["contrast"], summand=did["brightness"], center=128 if center_grey else 0
    )
    assert np.array_equal(made[0].image.pixels(), expected_hwc)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"contrast": {"min": 1, "max": 1}}, "/brightness: is required"),
        ({"contrast": {"min": 2, "max": 1}, "brightness": {"min": 0, "max": 0}}, "min 2 is above max 1"),
        ({"contrast": {"min": 1, "max": 11}, "brightness": {"min": 0, "max": 0}}, "/contrast/max"),
        ({"contrast": {"min": 1, "max": 1}, "brightness": {"min": -256, "max": 0}}, "/brightness/min"),
        ({"contrast": {"min": 1, "max": 1}, "brightness": {"min": 5, "max": 0}}, "min 5 is above max 0"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        parse(ContrastBrightness, settings, source="test")
