import json
from pathlib import Path

import pytest

from kittiseg.cli import run as command_line
from kittiseg.project.store import Workspace
from kittiseg.tuning.reading import read_space
from kittiseg.tuning.trials import Sweep, Trial
from tests.data.spaces import LR, WIDTH, sweep_file
from tests.data.sweeps import write_sweep
from tests.data.training import write_squares

SPACE = {LR: {"choice": [0.1, 0.2]}, f"{WIDTH}/min_percent": {"choice": [10]}}


@pytest.fixture(autouse=True)
def source(tmp_path: Path) -> None:
    """The project that the query reads."""
    write_squares(Workspace.at(tmp_path / "workspace"), "source")


def tune(folder: Path, *words: str, **fields: object) -> int:
    path = sweep_file(folder, SPACE, train={"devices": "cpu"}, searcher={"name": "grid"}, **fields)
    return command_line(["-w", str(folder / "workspace"), "--engine", "local", "tune", str(path), *words])


def test_a_dry_run_shows_the_trials_and_writes_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """A name is not needed for that."""
    assert tune(tmp_path, "--dry-run") == 0

    told = capfd.readouterr()
    lines = told.out.splitlines()
    assert lines[1].split() == ["trial", "lr", "width", "/", "min", "percent"]
    assert [line.split() for line in lines[2:4]] == [["0000", "0.1", "10"], ["0001", "0.2", "10"]]
    assert lines[4].startswith("2 trials (grid), ")
    assert [path.name for path in (tmp_path / "workspace").iterdir()] == ["projects"]
    assert "not to be run like this: a sweep needs Ray: leave out --engine local" in " ".join(told.err.split())


def test_a_dry_run_as_json(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """One document."""
    assert tune(tmp_path, "--dry-run", "--json") == 0

    assert json.loads(capfd.readouterr().out)["trials"][1] == {LR: 0.2, f"{WIDTH}/min_percent": 10}


def test_a_dry_run_of_a_sweep_that_goes_on_says_what_is_left(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """It is held against what is there, as the sweep is."""
    assert tune(tmp_path, "--dry-run") == 0
    sweep = Sweep.begin(Workspace.at(tmp_path / "workspace"), "s", read_space(tmp_path / "sweep.json"))
    sweep.write(Trial(id="0000", parameters={LR: 0.1, f"{WIDTH}/min_percent": 10}, status="done"))
    capfd.readouterr()

    assert tune(tmp_path, "--dry-run", "--name", "s", "--resume") == 0
    assert "trials that are over and stay: 0000; left: 0001" in capfd.readouterr().err
    assert tune(tmp_path, "--dry-run", "--name", "s") == 2
    assert "sweep 's' exists" in capfd.readouterr().err


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
    assert tune(tmp_path, "--dry-run", "--resume") == 2
    assert "--name is missing" in capfd.readouterr().err
