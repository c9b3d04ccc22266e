from pathlib import Path

import pytest

from kittiseg.engine import Engine
from kittiseg.errors import ConfigError, DataError, ModelError
from kittiseg.pipeline import PredictOptions, TrainOptions, predict, train
from kittiseg.project.store import Workspace
from tests.data.runs import TINY_TRAINING, WINDOWS, Killer, digest_of_project, json_file, leftovers, run_in, told
from tests.data.training import write_squares


@pytest.fixture
def model(workspace: Workspace, tmp_path: Path) -> str:
    """A trained model ``m`` beside the project ``squares`` of eight pictures of 40 x 36 px."""
    write_squares(workspace)
    config = json_file(tmp_path, "train", {**TINY_TRAINING, "epochs": 1})
    train(run_in(workspace), TrainOptions(config, "squares", "m"))
    return "m"


def options(
    folder: Path, name: str, model: str = "m", *, devices: str | None = None, **fields: object
) -> PredictOptions:
    return PredictOptions(json_file(folder, name, {**WINDOWS, **fields}), model, "squares", name, devices)


def test_every_picture_gets_its_windows_and_its_bitmap(workspace: Workspace, model: str, tmp_path: Path):
    """40 x 36 px with windows of 20 x 20 overlapping 10 and 4: 3 x 2 windows; the picture files as they were."""
    made = predict(run_in(workspace), options(tmp_path, "out"))

    source, out = workspace.project("squares"), workspace.project("out")
    assert (made.images, made.windows) == (8, 8 * 6)
    assert [entry.name for entry in out.meta.classes] == ["car_dl"]
    assert [key.name for key in out.keys()] == [key.name for key in source.keys()]
    for before, after in zip(source.keys(), out.keys(), strict=True):
        assert source.picture_bytes(before) == out.picture_bytes(after)
        assert {figure.class_name for figure in out.annotation(after).figures} <= {"car_dl"}
    assert out.provenance["checkpoint"] == 2


def test_workers_do_not_show_in_the_predictions(workspace: Workspace, model: str, tmp_path: Path, ray_engine: Engine):
    """Two actors and this process write the same bytes."""
    predict(run_in(workspace), options(tmp_path, "here"))
    predict(run_in(workspace, ray_engine), options(tmp_path, "ray", devices="cpu:2"))

    assert digest_of_project(workspace, "here") == digest_of_project(workspace, "ray")


def test_a_killed_actor_s_pictures_are_done_again(workspace: Workspace, model: str, tmp_path: Path, ray_engine: Engine):
    """The result is that of a run that nobody disturbed."""
    predict(run_in(workspace), options(tmp_path, "alone"))
    partial = Path(workspace.files.path("projects"))

    def begun() -> bool:
        return any(partial.glob(".killed.*"))

    with Killer("StateWorker", when=begun) as killer:
        predict(run_in(workspace, ray_engine), options(tmp_path, "killed"))

    assert killer.killed
    assert digest_of_project(workspace, "killed") == digest_of_project(workspace, "alone")


def test_windows_of_another_scale_than_the_training_s_are_warned_of(workspace: Workspace, model: str, tmp_path: Path):
    """By the model's run.json: whole pictures are what it was trained on, windows half as large are not."""
    predict(windows := run_in(workspace), options(tmp_path, "windows"))
    predict(whole := run_in(workspace), options(tmp_path, "whole", mode={"source": "full_image"}))

    (warning,) = told(windows).warnings
    assert "windows of 20 x 20 px are shown to it at 0.62 x 0.62: objects look 2.00 x 1.80 times as large" in warning
    assert told(whole).warnings == []


def test_a_checkpoint_can_be_chosen(workspace: Workspace, model: str, tmp_path: Path):
    """M@1 is not M@2, which is M@last."""
    for name, wanted in (("first", "m@1"), ("second", "m@2"), ("last", "m@last")):
        predict(run_in(workspace), options(tmp_path, name, wanted))

    chosen = [workspace.project(name).provenance["checkpoint"] for name in ("first", "second", "last")]
    assert chosen == [1, 2, 2]


def test_a_damaged_picture_leaves_nothing_behind(workspace: Workspace, model: str, tmp_path: Path):
    """The error names it."""
    (Path(workspace.project("squares").files.root) / "ds" / "img" / "003.png").write_bytes(b"broken")

    with pytest.raises(DataError, match=r"1 of 8 pictures(.|\n)*003\.png"):
        predict(run_in(workspace), options(tmp_path, "out"))

    assert workspace.projects() == ["squares"]
    assert leftovers(workspace) == []


def test_wrong_names_are_found_before_the_first_picture(workspace: Workspace, model: str, tmp_path: Path):
    """A class that the model lacks, and a checkpoint that is not there."""
    with pytest.raises(ConfigError, match=r"/model_classes/save_classes/0: 'cra' .*did you mean 'car'"):
        predict(run_in(workspace), options(tmp_path, "out", model_classes={"save_classes": ["cra"]}))
    with pytest.raises(ModelError, match="no checkpoint '99'"):
        predict(run_in(workspace), options(tmp_path, "out", "m@99"))
