"""The command line as a process and as a call; one line of it is one test."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from kittiseg.cli import run as command_line
from kittiseg.cli.commands import app
from tests.data.kitti_folders import png, write
from tests.data.runs import TINY_TRAINING, WINDOWS, json_file

COMMANDS = get_command(app).commands  # type: ignore[attr-defined]


def test_help_needs_none_of_the_heavy_libraries():
    """They would take seconds to import."""
    heavy = ["torch", "ray", "cv2", "numpy", "pyarrow", "matplotlib", "optuna"]
    code = (
        "import sys; from kittiseg.cli import run; "
        "assert [run([*words, '--help']) for words in ([], ['train'], ['tune'])] == [0, 0, 0]; "
        f"print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_has_help_and_an_example_that_parses(name: str):
    """An example with an option that is gone would mislead."""
    command = COMMANDS[name]
    assert command.help
    example = re.sub(r"\s+", " ", command.epilog).removeprefix("Example: kittiseg ")
    words = shlex.split(example)

    assert words[0] == name
    command.make_context(name, words[1:], resilient_parsing=False)


README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8").replace("\\\n", " ")


@pytest.mark.parametrize("line", README.split("```sh")[2].split("```")[0].strip().splitlines())
def test_every_command_of_the_readme_parses(line: str):
    """The tutorial in ten commands."""
    words = shlex.split(line, comments=True)[1:]

    COMMANDS[words[0]].make_context(words[0], words[1:])


def test_a_model_is_resumed_or_replaced_but_not_both(capfd: pytest.CaptureFixture[str]):
    """One of the two would be ignored."""
    assert command_line(["train", "c.json", "--project", "p", "--name", "m", "--resume", "--overwrite"]) == 2
    assert "leave out one" in capfd.readouterr().err


def test_a_misspelt_option_ends_with_2(capfd: pytest.CaptureFixture[str]):
    """And the message is not a traceback."""
    assert command_line(["stats", "x", "--jsn"]) == 2
    assert "No such option" in capfd.readouterr().err


def test_a_missing_project_ends_with_2_and_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """What is missing, and where it was looked for."""
    assert command_line(["-w", str(tmp_path), "stats", "nothing"]) == 2

    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("error: no project 'nothing'")
    assert "Traceback" not in err


def test_our_own_fault_ends_with_1_and_shows_where_with_debug(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """A traceback is for us; a user gets a sentence and the way to it."""
    from kittiseg import pipeline

    def fail(run: object) -> None:
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr(pipeline, "list_workspace", fail)

    assert command_line(["-w", str(tmp_path), "projects"]) == 1
    err = capfd.readouterr().err
    assert "--debug" in err
    assert "Traceback" not in err
    assert command_line(["-w", str(tmp_path), "--debug", "projects"]) == 1
    assert "ZeroDivisionError: a fault" in capfd.readouterr().err


def test_an_interruption_ends_with_130(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """As shells expect it."""
    from kittiseg import pipeline

    def interrupt(run: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "list_workspace", interrupt)

    assert command_line(["-w", str(tmp_path), "projects"]) == 130


def test_the_whole_way_with_json_is_one_document_a_command(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """Nothing else is on stdout, whatever the stages tell a person."""

    def run(*words: str) -> Any:
        code = command_line(["-w", str(tmp_path / "workspace"), "--engine", "local", *words])
        out, err = capfd.readouterr()
        assert code == 0, err
        return json.loads(out)

    for index in range(4):
        write(tmp_path / "pictures", f"{index}.png", png())
    tagged = ("train", "train", "val", "val")
    for index, tag in enumerate(tagged):
        car = {"classTitle": "car", "tags": [], "points": {"exterior": [[1, 1], [5, 4]], "interior": []}}
        document = {"size": {"height": 6, "width": 8}, "tags": [tag], "objects": [car]}
        write(tmp_path / "old" / "ds", f"ann/{index}.json", document)
        write(tmp_path / "old" / "ds", f"img/{index}.png", png(seed=index))
    meta = {"classes": [{"title": "car", "shape": "rectangle", "color": "#ff0000"}]}
    write(tmp_path / "old", "meta.json", {**meta, "tags_images": ["train", "val"], "tags_objects": []})
    query = [
        {"action": "data", "src": ["old/*"], "dst": "$a", "settings": {"classes_mapping": "default"}},
        {"action": "dataset", "src": ["$a"], "dst": "$b", "settings": {"rule": "save_original"}},
        {"action": "supervisely", "src": ["$b"], "dst": "new", "settings": {}},
    ]
    query_file = str(json_file(tmp_path, "query", query))
    train_file = str(json_file(tmp_path, "train", {**TINY_TRAINING, "epochs": 1}))
    infer_file = str(json_file(tmp_path, "infer", {**WINDOWS, "mode": {"source": "full_image"}}))

    assert run("import", "images", str(tmp_path / "pictures"), "--name", "bare", "--json")[0]["images"] == 4
    assert run("import", "supervisely", str(tmp_path / "old"), "--name", "old", "--json")[0]["objects"] == 4
    assert {entry["name"] for entry in run("projects", "--json")["projects"]} == {"bare", "old"}
    statistics = run("stats", "old", "--json")
    assert set(statistics) >= {"project", "images", "datasets", "tags", "classes"}
    assert set(statistics["classes"][0]) == {"name", "images", "objects", "area_px", "area_percent"}
    assert run("transform", query_file, "--dry-run", "--json")["pictures"] == 4
    assert run("transform", query_file, "--json")["images"] == 4
    name = run("lineage", "new", "ds/0.png", "--redo", "--json")
    assert (name["source"], name["redo"]) == ("old/ds/0.png", "same")
    trained = run("train", train_file, "--project", "new", "--name", "m", "--json")
    assert run("checkpoints", "m", "--json") == trained
    assert set(run("calibrate", "m@best", "--json")) >= {"temperature", "pixels", "before", "after"}
    predicting = ["predict", infer_file, "--model", "m@best", "--project", "new"]
    assert run(*predicting, "--plan", "--json")["windows"] == 4
    out = run(*predicting, "--name", "out", "--json")
    assert (out["images"], out["windows"]) == (4, 4)
    animated = ["--config", infer_file, "--model", "m@best", "--out", str(tmp_path / "windows.gif")]
    assert run("windows", "new", "ds/0.png", *animated, "--json")["windows"] == 1
    scores = run("evaluate", "out", "--truth", "old", "--map", "car_dl=car", "--json")
    assert set(scores) >= {"images", "classes", "mean_iou"}


def test_a_query_is_drawn_without_being_run(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """Both drawings at once, with the plan as the one document on stdout; nothing is made."""
    words = ["-w", str(tmp_path / "workspace"), "--engine", "local"]
    write(tmp_path / "pictures", "0.png", png())
    assert command_line([*words, "import", "images", str(tmp_path / "pictures"), "--name", "bare"]) == 0
    query = [
        {"action": "data", "src": ["bare/*"], "dst": "$a", "settings": {"classes_mapping": "default"}},
        {"action": "supervisely", "src": ["$a"], "dst": "new", "settings": {}},
    ]
    file, graph, sheet = str(json_file(tmp_path, "query", query)), tmp_path / "q.svg", tmp_path / "q.png"
    drawn = ["--graph", str(graph), "--preview", "1", "--out", str(sheet)]
    capfd.readouterr()

    assert command_line([*words, "transform", file, "--dry-run", "--json", *drawn]) == 0

    assert json.loads(capfd.readouterr().out)["pictures"] == 1
    assert command_line([*words, "transform", file, *drawn]) == 0
    assert capfd.readouterr().out.split() == [str(graph), str(sheet)]
    assert graph.read_text().startswith("<?xml")
    assert sheet.read_bytes().startswith(b"\x89PNG")
    assert not (tmp_path / "workspace" / "projects" / "new").exists()


@pytest.mark.parametrize("words", [["--preview", "2"], ["--out", "sheet.png"], ["--preview", "0", "--out", "x.png"]])
def test_half_a_preview_ends_with_2(words: list[str], capfd: pytest.CaptureFixture[str]):
    """How many pictures and into which file: one without the other is a slip."""
    assert command_line(["transform", "query.json", *words]) == 2
    assert "--preview" in capfd.readouterr().err


def test_only_a_plan_needs_no_name(capfd: pytest.CaptureFixture[str]):
    """A prediction is refused before anything is read."""
    assert command_line(["predict", "infer.json", "--model", "m", "--project", "p"]) == 2
    assert "--name is missing" in capfd.readouterr().err


@pytest.mark.parametrize("stage", ["transform", "train", "predict"])
def test_a_schema_goes_to_stdout_or_to_a_file(stage: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """The same document."""
    assert command_line(["schema", stage]) == 0
    document = json.loads(capfd.readouterr().out)
    assert command_line(["schema", stage, "--out", str(tmp_path / "new" / "schema.json")]) == 0

    assert json.loads((tmp_path / "new" / "schema.json").read_text()) == document
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
