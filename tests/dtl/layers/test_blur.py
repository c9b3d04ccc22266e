"""Pictures less sharp."""

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest

from kittiseg.config import parse
from kittiseg.dtl.layers.blur import Blur, Sigma, gaussian
from kittiseg.errors import ConfigError
from kittiseg.project.geometry import Size
from tests.data.programs import draws, no_draw, only
from tests.data.projects import SMALL, annotation_of, item_of, picture


def _median(image_hwc: np.ndarray, kernel: int) -> np.ndarray:
    """Straight from the definition; border pixels repeat outwards."""
    reach = kernel // 2
    wide_hwc = np.pad(image_hwc, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(wide_hwc, (kernel, kernel), axis=(0, 1))
    return np.median(windows, axis=(-2, -1)).astype(np.uint8)


@pytest.mark.parametrize("kernel", [3, 5, 7, 11])
def test_median_of_every_odd_kernel(kernel: int) -> None:
    """The original could do 3 and 5 only."""
    item = item_of(annotation_of({}, size=Size(height=15, width=12)))

    blurred = only(Blur(name="median", kernel=kernel).apply(item, no_draw))

    assert np.array_equal(blurred.image.pixels(), _median(item.image.pixels(), kernel))
    assert blurred.annotation == item.annotation


def test_gaussian_spreads_a_pixel_as_the_bell_curve() -> None:
    """The values are cut off, not rounded."""
    image_hwc = np.zeros((15, 15, 3), np.uint8)
    image_hwc[7, 7] = 255
    steps = np.arange(-7, 8)
    bell = np.exp(-(steps**2) / (2 * 1.5**2))
    bell /= bell.sum()

    blurred_hwc = gaussian(image_hwc, sigma=1.5)

    exact_hw = 255 * np.outer(bell, bell)
    assert np.abs(blurred_hwc[..., 0] - np.floor(exact_hw)).max() <= 1
    assert (blurred_hwc[..., 0] <= exact_hw + 0.05).all()


def test_gaussian_is_computed_with_fractions() -> None:
    """As the original did: OpenCV cuts its kernel shorter for bytes, and rounds."""
    image_hwc = picture(Size(height=20, width=30))
    expected_hwc = cv2.GaussianBlur(image_hwc.astype(np.float32), (0, 0), 2.0)

    assert np.array_equal(gaussian(image_hwc, sigma=2.0), np.trunc(expected_hwc))


def test_sigma_is_drawn_in_its_range_and_remembered() -> None:
    layer = Blur(name="gaussian", sigma=Sigma(min=1, max=3))
    item = item_of(annotation_of({}))
    sigmas = [only(layer.apply(item, draws(str(name)))).did["sigma"] for name in range(50)]
    (made,) = layer.apply(item, draws("0"))

    assert 1 <= min(sigmas) < 1.3
    assert 2.7 < max(sigmas) <= 3
    assert np.array_equal(made.image.pixels(), gaussian(item.image.pixels(), sigma=sigmas[0]))


def test_the_picture_is_not_read_until_asked_for() -> None:
    def read(image_hwc: np.ndarray) -> np.ndarray:
        raise AssertionError("read")

    item = item_of(annotation_of({}))
    unread = replace(item, image=item.image.then(SMALL, read))

    assert only(Blur(name="median", kernel=3).apply(unread, no_draw)).image.size == SMALL


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"name": "median"}, "'median' needs 'kernel'"),
        ({"name": "median", "kernel": 4}, "odd"),
        ({"name": "median", "kernel": 1}, "/kernel"),
        ({"name": "median", "kernel": 3, "sigma": {"min": 1, "max": 1}}, "no 'sigma'"),
        ({"name": "gaussian", "kernel": 3}, "'gaussian' needs 'sigma'"),
        ({"name": "gaussian", "sigma": {"min": 0, "max": 1}}, "/sigma/min"),
        ({"name": "gaussian", "sigma": {"min": 2, "max": 1}}, "min 2 is above max 1"),
        ({"name": "box", "kernel": 3}, "/name"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        parse(Blur, settings, source="test")
