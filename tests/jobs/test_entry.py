"""The entry points as programs of their own, as a cluster runs them."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from kittiseg.cli.commands import app
from tests.data.kitti_folders import write_frame

JOBS = Path(__file__).resolve().parents[2] / "jobs"
STAGES = sorted(path.stem for path in JOBS.glob("*.py") if path.stem not in ("entry", "tutorial"))


def run(name: str, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """In another folder, and with nothing but this interpreter's packages."""
    command = [sys.executable, str(JOBS / f"{name}.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, cwd="/", env=environment, timeout=60)


def test_a_stage_is_the_command_of_its_name_with_options_before_and_after(tmp_path: Path):
    """Its exit code is the command's."""
    done = run("stats", "-w", str(tmp_path), "--seed=1", "nothing", "--json")

    assert done.returncode == 2
    assert done.stderr == f"error: no project 'nothing' in {tmp_path}\n"


@pytest.mark.parametrize("name", STAGES)
def test_every_entry_point_runs_a_command(name: str):
    """That of its own name."""
    assert name in get_command(app).commands  # type: ignore[attr-defined]
    assert f'stage("{name}")' in (JOBS / f"{name}.py").read_text()


@pytest.mark.parametrize("words", [("-w", "{place}"), ()])
def test_the_tutorial_keeps_everything_in_the_workspace(tmp_path: Path, words: tuple[str, ...]):
    """That of the option, or else of the environment; here it ends after the import, for want of masks."""
    write_frame(tmp_path / "kitti" / "training")
    given = ["--engine", "local", *(word.format(place=tmp_path / "w") for word in words)]
    environment = {} if words else {"KITTISEG_WORKSPACE": str(tmp_path / "w")}

    done = run("tutorial", *given, "--data", str(tmp_path / "kitti"), **environment)

    assert done.returncode == 2
    assert "needs at least two training frames with masks" in done.stderr
    assert [path.name for path in (tmp_path / "w" / "projects").iterdir()] == ["kitti"]
