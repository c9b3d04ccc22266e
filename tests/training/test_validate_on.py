from pathlib import Path
from typing import Any

import pytest

from kittiseg.config import parse
from kittiseg.errors import ConfigError
from kittiseg.inference.skip import InsidePolygons
from kittiseg.training.validate_on import ValidateOn
from tests.data.runs import WINDOWS, json_file


def settings(config: Any) -> ValidateOn:
    return parse(ValidateOn, {"project": "p", "config": config}, source="a test")


def test_a_path_is_read_to_what_is_in_the_file(tmp_path: Path) -> None:
    """The same as if that were written there."""
    path = json_file(tmp_path, "infer", WINDOWS)

    assert settings(str(path)).read() == settings(WINDOWS) == settings(WINDOWS).read()


def test_a_file_of_polygons_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its path begins at the folder in which the config is read."""
    monkeypatch.chdir(tmp_path)
    mode = {**WINDOWS["mode"], "skip": {"inside": {"geojson": "fields.geojson"}}}

    skip = settings({"mode": mode}).read().inference.skip

    assert skip is not None
    assert skip.inside == InsidePolygons(geojson=str(tmp_path / "fields.geojson"))


def test_a_file_that_is_wrong_is_an_error_with_its_name(tmp_path: Path) -> None:
    """Its problems have pointers into that file."""
    path = json_file(tmp_path, "infer", {"batch_size": 0})

    with pytest.raises(ConfigError, match=r"infer\.json: 1 problem\n  /batch_size: "):
        settings(str(path)).read()
    with pytest.raises(ConfigError, match=r"/validate_on/config: no file 'none\.json'; relative paths begin at /"):
        settings("none.json").read()
