import numpy as np
import pytest

from kittiseg.config import parse
from kittiseg.inference.config import InferenceConfig
from kittiseg.project.geometry import Size
from kittiseg.training.scale import Scale, misfit, sizes_array, windows_scale

INPUT = Size(height=32, width=64)
PICTURES_N2 = np.array([(100, 400), (60, 240)], np.int32)


def windows(width: int, height: int) -> InferenceConfig:
    mode = {"source": "sliding_window", "window": {"width": width, "height": height}}
    return parse(InferenceConfig, {"mode": mode}, source="a test")


def test_the_scale_of_a_training_is_the_mean_of_its_pictures() -> None:
    """Per axis: widths of 400 and 240 px on 64 px, heights of 100 and 60 px on 32 px."""
    assert Scale.of(PICTURES_N2, INPUT) == Scale(x=5.0, y=2.5)


def test_the_scale_of_a_prediction_is_that_of_its_windows() -> None:
    """Or of the pictures, where they are shown whole and their sizes are known."""
    whole = InferenceConfig()

    assert windows_scale(windows(128, 16), INPUT, PICTURES_N2) == Scale(x=2.0, y=0.5)
    assert windows_scale(whole, INPUT, PICTURES_N2) == Scale(x=5.0, y=2.5)
    assert windows_scale(whole, INPUT) is None


@pytest.mark.parametrize(("width", "height", "fits"), [(146, 70, True), (110, 64, False), (128, 75, False)])
def test_a_scale_fits_within_15_percent_on_both_axes(width: int, height: int, fits: bool) -> None:
    """A training at 2 x 2 px: 146 / 128 is 1.14, 128 / 110 is 1.16, 75 / 64 is 1.17."""
    assert (misfit(Scale(x=2.0, y=2.0), windows(width, height), INPUT) is None) == fits


def test_the_warning_has_the_numbers_and_both_remedies() -> None:
    """Windows half as wide show objects twice as wide; percent where the pictures' sizes are known."""
    text = misfit(Scale(x=2.0, y=2.0), windows(64, 64), INPUT, sizes_array([Size(height=128, width=256)])) or ""

    assert "trained at 2.00 x 2.00 px of a picture per px" in text
    assert "windows of 64 x 64 px are shown to it at 1.00 x 2.00: objects look 2.00 x 1.00 times as large" in text
    assert "Windows of 128 x 64 px fit this model" in text
    assert text.endswith("train on crops of 64 x 64 px, 25 % x 50 % of the pictures")


def test_a_scale_reads_back_from_json() -> None:
    """As a model's run.json keeps it."""
    scale = Scale(x=1.25, y=0.5)

    assert Scale.from_json(scale.to_json()) == scale
