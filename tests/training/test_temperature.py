from pathlib import Path

import pytest

from kittiseg.errors import ModelError
from kittiseg.project.store import Files
from kittiseg.training.temperature import TEMPERATURE, calibration_of, keep_calibration, temperature_of


@pytest.fixture
def model(tmp_path: Path) -> Files:
    return Files.at(tmp_path)


def test_a_checkpoint_that_was_calibrated_has_its_temperature(model: Files) -> None:
    """Others, and one in a model that never was, have 1."""
    assert temperature_of(model, 2, "auto") == 1
    keep_calibration(model, 2, {"temperature": 1.5})

    assert temperature_of(model, 2, "auto") == 1.5
    assert temperature_of(model, 3, "auto") == 1


def test_the_config_may_want_none_or_another(model: Files) -> None:
    """Whatever is kept."""
    keep_calibration(model, 2, {"temperature": 1.5})

    assert temperature_of(model, 2, "none") == 1
    assert temperature_of(model, 2, 3) == 3


def test_calibrating_again_replaces_the_record_of_that_checkpoint(model: Files) -> None:
    """Those of others stay."""
    keep_calibration(model, 1, {"temperature": 1.5})
    keep_calibration(model, 2, {"temperature": 2.5})
    keep_calibration(model, 1, {"temperature": 3.5})

    assert [temperature_of(model, number, "auto") for number in (1, 2)] == [3.5, 2.5]


@pytest.mark.parametrize("text", ["[1.5]", '{"2": 1.5}', '{"2": {"temperature": "hot"}}'])
def test_a_file_that_is_something_else_is_refused(model: Files, text: str) -> None:
    """By its place, with what to do."""
    model.write(TEMPERATURE, text.encode())

    with pytest.raises(ModelError, match=r"temperature\.json.*run calibrate again"):
        calibration_of(model, 2)
