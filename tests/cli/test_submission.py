import json
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from kittiseg.cli.commands import app
from kittiseg.cli.session import Options
from kittiseg.cli.submission import Command, job_name, portable
from kittiseg.errors import ConfigError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with one JSON file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KITTISEG_WORKSPACE", raising=False)
    (tmp_path / "config.json").write_text("{}")
    return tmp_path


def submitted(line: str) -> Command:
    """What becomes of ``kittiseg LINE``, where ``submit --`` stands in it."""
    before, _, after = line.partition("submit -- ")
    context: typer.Context = get_command(app).make_context("kittiseg", [*before.split(), "submit"])  # type: ignore[assignment]
    return portable(context, after.split())


def words_of(line: str) -> list[str | Path]:
    """What the job gets of it."""
    return submitted(line).words


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


def test_options_may_stand_after_the_dashes_too_and_win_there(here: Path):
    """Both are before the command's name; and the submission itself heeds them as the job does."""
    command = submitted("-w a --seed 3 submit -- --workspace s3://bucket/w -q --address http://h:1 stats p --json")

    assert command.words == ["--workspace", "s3://bucket/w", "--seed", "3", "--quiet", "stats", "--json", "p"]
    assert command.options == Options("s3://bucket/w", "http://h:1", "ray", 3, quiet=True)
    assert command.about == "stats-p"


def test_what_the_environment_says_does_not_win_over_an_option(here: Path, monkeypatch: pytest.MonkeyPatch):
    """Though it is read again where options stand after the dashes."""
    monkeypatch.setenv("KITTISEG_WORKSPACE", "s3://bucket/environment")

    assert words_of("-w s3://bucket/w submit -- --seed 3 projects")[:2] == ["--workspace", "s3://bucket/w"]


def test_the_programs_own_name_may_be_repeated(here: Path):
    """A line that was copied from elsewhere begins with it."""
    assert words_of("submit -- kittiseg -w s3://b/w stats p") == words_of("submit -- -w s3://b/w stats p")


@pytest.mark.parametrize("words", ["kittiseg", "-w w"])
def test_options_alone_are_no_command(here: Path, words: str):
    """The error shows what one looks like."""
    with pytest.raises(typer.BadParameter, match=r"no command stands after --; .* submit -- train CONFIG\.json"):
        words_of(f"submit -- {words}")


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


@pytest.mark.parametrize(
    "words",
    [
        "train there/no.json --project p --name m",
        "train config.json --project there/no.json --name m",
        "evaluate p --truth t --mapping there/no.json",
        "tune there/no.json --name s",
        "tune sweep.json --name s",
    ],
)
def test_a_json_file_that_is_missing_is_an_error_here(here: Path, words: str):
    """By the name that the user gave it; on the cluster it would be found out late, and be called otherwise."""
    space = {"train:/lr": {"choice": [1e-3, 1e-2]}}
    sweep = {"train": "there/no.json", "project": "p", "space": space, "metric": "iou/road", "trials": 2}
    (here / "sweep.json").write_text(json.dumps(sweep))

    with pytest.raises(ConfigError, match=r"^there/no\.json: no such file"):
        words_of(f"submit -- {words}")


def test_a_file_that_is_to_be_written_need_not_be_there(here: Path):
    """Nor is a name a file, whatever it ends in."""
    words = words_of("submit -- schema train --out new.json")

    assert words[2:] == ["schema", "--out", f"{here}/new.json", "train"]
    assert words_of("submit -- stats odd.json")[2:] == ["stats", "odd.json"]


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
