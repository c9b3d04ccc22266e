from pathlib import Path
from typing import Any

import pytest

from kittiseg.config import parse
from kittiseg.errors import ConfigError
from kittiseg.training.validate_on import ValidateOn
from tests.data.runs import WINDOWS, json_file


def settings(config: Any) -> ValidateOn:
    return parse(ValidateOn, {"project": "p", "config": config}, source="a test")


def test_a_path_is_read_to_what_is_in_the_file(tmp_path: Path) -> None:
    """The same as if that were written there."""
    path = json_file(tmp_path, "infer", WINDOWS)

    assert settings(str(path)).read() == settings(WINDOWS) == settings(WINDOWS).read()


def test_a_file_that_is_wrong_is_an_error_with_its_name(tmp_path: Path) -> None:
    """Its problems have pointers into that file."""
    path = json_file(tmp_path, "infer", {"batch_size": 0})

    with pytest.raises(ConfigError, match=r"infer\.json: 1 problem\n  /batch_size: "):
        settings(str(path)).read()
    with pytest.raises(ConfigError, match=r"/validate_on/config: no file 'none\.json'; relative paths begin at /"):
        settings("none.json").read()
