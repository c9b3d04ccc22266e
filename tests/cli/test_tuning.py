import json
from pathlib import Path

import pytest

from kittiseg.cli import run as command_line
from kittiseg.project.store import Workspace
from tests.data.spaces import LR, WIDTH, sweep_file
from tests.data.sweeps import write_sweep

SPACE = {LR: {"choice": [0.1, 0.2]}, f"{WIDTH}/min_percent": {"choice": [10]}}


def tune(folder: Path, *words: str, **fields: object) -> int:
    path = sweep_file(folder, SPACE, train={"devices": "cpu"}, searcher={"name": "grid"}, **fields)
    return command_line(["-w", str(folder / "workspace"), "--engine", "local", "tune", str(path), *words])


def test_a_dry_run_shows_the_trials_and_writes_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """A name is not needed for that."""
    assert tune(tmp_path, "--dry-run") == 0

    lines = capfd.readouterr().out.splitlines()
    assert lines[1].split() == ["trial", "lr", "width", "/", "min", "percent"]
    assert [line.split() for line in lines[2:4]] == [["0000", "0.1", "10"], ["0001", "0.2", "10"]]
    assert lines[4].startswith("2 trials (grid), ")
    assert not (tmp_path / "workspace").exists()


def test_a_dry_run_as_json(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """One document."""
    assert tune(tmp_path, "--dry-run", "--json") == 0

    assert json.loads(capfd.readouterr().out)["trials"][1] == {LR: 0.2, f"{WIDTH}/min_percent": 10}


def test_what_is_wrong_with_the_config_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """With exit code 2."""
    assert tune(tmp_path, "--dry-run", metric="iuo") == 2
    assert "/metric: is 'iuo'" in capfd.readouterr().err


def test_the_trials_of_a_sweep_can_be_looked_at_again(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """As ``tune`` shows them in the end."""
    write_sweep(Workspace.at(tmp_path), "widths", trials=2)

    assert command_line(["-w", str(tmp_path), "trials", "widths"]) == 0
    assert "the best trial is the model 'widths'" in capfd.readouterr().out
    assert command_line(["-w", str(tmp_path), "trials", "widths", "--json"]) == 0
    assert len(json.loads(capfd.readouterr().out)["trials"]) == 2
    assert command_line(["-w", str(tmp_path), "trials", "width"]) == 2
    assert "no sweep 'width'" in capfd.readouterr().err


def test_options_that_do_not_go_together_are_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """And a sweep needs a name."""
    assert tune(tmp_path) == 2
    assert "--name is missing" in capfd.readouterr().err
    assert tune(tmp_path, "--name", "s", "--resume", "--overwrite") == 2
    assert "leave out one" in " ".join(capfd.readouterr().err.split())
