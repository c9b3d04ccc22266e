from pathlib import Path

import pytest
import typer
from typer.main import get_command

from kittiseg.cli.commands import app
from kittiseg.cli.submission import job_name, portable


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with one JSON file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KITTISEG_WORKSPACE", raising=False)
    (tmp_path / "config.json").write_text("{}")
    return tmp_path


def words_of(line: str) -> list[str | Path]:
    """What a job gets of ``kittiseg LINE``, where ``submit --`` stands in it."""
    before, _, after = line.partition("submit -- ")
    context: typer.Context = get_command(app).make_context("kittiseg", [*before.split(), "submit"])  # type: ignore[assignment]
    return portable(context, after.split())


def test_a_workspace_of_this_folder_is_one_of_this_machine(here: Path):
    """The job runs in another folder."""
    assert words_of("submit -- projects") == ["--workspace", f"{here}/workspace", "projects"]
    assert words_of("-w ../w submit -- projects") == ["--workspace", f"{here.parent}/w", "projects"]


def test_a_workspace_in_object_storage_is_the_same_everywhere(here: Path):
    """It is a name, not a path."""
    assert words_of("-w s3://bucket/w submit -- projects") == ["--workspace", "s3://bucket/w", "projects"]


def test_the_options_before_the_command_go_along_but_for_the_address(here: Path):
    """The job is on the cluster already."""
    words = words_of("--address http://h:1 --engine local --seed 3 -q --debug submit -- projects --json")

    assert words[2:] == ["--engine", "local", "--seed", "3", "--quiet", "--debug", "projects", "--json"]


def test_json_files_go_along_and_other_paths_are_made_absolute(here: Path):
    """Data stay where they are; the cluster must see them there. What is written is no input, whatever it is called."""
    (here / "data.zip").write_bytes(b"")

    assert words_of("submit -- import kitti data.zip --name k")[2:] == [
        *("import", "--name", "k", "kitti", str(here / "data.zip"))
    ]
    assert words_of("submit -- transform config.json")[2:] == ["transform", Path("config.json")]
    assert words_of("submit -- train config.json --project config.json --name m")[2:] == [
        *("train", "--project", Path("config.json"), "--name", "m", Path("config.json"))
    ]
    assert words_of("submit -- schema train --out config.json")[2:] == [
        *("schema", "--out", str(here / "config.json"), "train")
    ]


def test_a_project_that_is_called_like_a_folder_stays_a_name(here: Path):
    """Only what the command takes for a path is one."""
    (here / "kitti").mkdir()

    assert words_of("submit -- stats kitti")[2:] == ["stats", "kitti"]


def test_a_place_that_is_a_default_is_said_to_the_job(here: Path):
    """Or the demo would write into the job's own folder, and be lost with it."""
    assert words_of("submit -- demo")[2:] == ["demo", "--keep", f"{here}/demo-workspace"]


def test_a_job_is_called_after_what_it_makes(here: Path):
    """Of a job without a name, after what it reads."""
    assert job_name(["train", "configs/train.json", "--project", "p", "--name", "unet"]) == "train-unet"
    assert job_name(["train", "configs/train.json", "--project", "p", "--name=unet"]) == "train-unet"
    assert job_name(["report", "kitti", "unet"]) == "report-kitti"
    assert job_name(["transform", "configs/transform.json"]) == "transform"
    assert job_name(["projects"]) == "projects"
