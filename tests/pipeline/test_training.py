from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from kittiseg.engine import Engine
from kittiseg.errors import ConfigError, DataError, KittisegError, ModelError, ResourceError, WorkspaceError
from kittiseg.pipeline import (
    PredictOptions,
    TrainOptions,
    evaluate,
    list_checkpoints,
    predict,
    restore_checkpoint,
    train,
)
from kittiseg.pipeline.training import find_source
from kittiseg.project.store import Workspace
from tests.data.events import steps_of
from tests.data.programs import query
from tests.data.projects import meta_of
from tests.data.query_sources import cropped, write_query
from tests.data.runs import TINY_TRAINING, WINDOWS, json_file, leftovers, run_in, told
from tests.data.training import write_squares


def options(folder: Path, name: str, **fields: object) -> TrainOptions:
    """A tiny training of project ``squares``; ``fields`` of the config, or of the options where they have one."""
    own = {key: fields.pop(key) for key in ("devices", "resume", "overwrite", "init", "windows") if key in fields}
    config = json_file(folder, name, {**TINY_TRAINING, **fields})
    return TrainOptions(config, "squares", name, **own)  # type: ignore[arg-type]


def weights(workspace: Workspace, name: str) -> bytes:
    """Of the last checkpoint."""
    files = workspace.model_files(name)
    return files.read(f"checkpoints/{files.folders('checkpoints')[-1]}/model.safetensors")


def event_files(workspace: Workspace, name: str) -> Path:
    """TensorBoard's."""
    return Path(workspace.files.path(f"models/{name}/tensorboard"))


def test_a_checkpoint_is_written_every_half_epoch_and_numbered_from_1(workspace: Workspace, tmp_path: Path):
    """Two epochs at val_every 0.5 are four checkpoints; best and last are marked."""
    write_squares(workspace)
    run = run_in(workspace)

    listing = train(run, options(tmp_path, "m", epochs=2, val_every=0.5))

    assert [entry["checkpoint"] for entry in listing["checkpoints"]] == [1, 2, 3, 4]
    assert listing["checkpoints"][-1]["epoch"] == 2
    assert [mark for entry in listing["checkpoints"] for mark in entry["marks"]].count("best") == 1
    assert "last" in listing["checkpoints"][-1]["marks"]
    assert [title for title, _, _ in told(run).bars] == ["prepare m", "train"]
    assert leftovers(workspace) == []


def test_whole_pictures_are_scored_as_predict_and_evaluate_do(workspace: Workspace, tmp_path: Path):
    """The same numbers, to the last bit, in whatever order the project has its classes; the config is kept whole.

    The network's outputs are sorted by title; the project has ``road``, of which there is no pixel, first.
    """
    write_squares(workspace, train=4, val=2, meta=meta_of({"road": "bitmap", "car": "bitmap"}))
    infer = json_file(tmp_path, "infer", {**WINDOWS, "model_classes": {"save_classes": ["road", "car"]}})
    run = run_in(workspace)

    whole = {"project": "squares", "config": str(infer)}
    fields = {"epochs": 10, "val_every": 5, "lr": 0.01, "validate_on": whole, "best_by": "whole/iou/car"}
    listing = train(run, options(tmp_path, "m", **fields))

    predict(run, PredictOptions(infer, "m@best", "squares", "out"))
    document = evaluate(run, "out", "squares", class_map="car_unet=car,road_unet=road").to_json()
    (best,) = [entry["whole"] for entry in listing["checkpoints"] if "best" in entry["marks"]]
    assert best == {
        "mean_iou": document["mean_iou"],
        "iou": {name: document["classes"][name]["iou"] for name in ("car", "road")},
        "accuracy": document["pixel_accuracy"],
    }
    assert 0 < best["mean_iou"] < 1
    assert best["mean_iou"] == max(entry["whole"]["mean_iou"] for entry in listing["checkpoints"])
    settings = workspace.model_files("m").read_json("config.json")["settings"]
    assert settings["validate_on"]["config"]["mode"]["window"] == {"width": 20, "height": 20}
    assert any("whole pictures: mean IoU" in notice for notice in told(run).notices)


def test_windows_of_another_scale_are_warned_of(workspace: Workspace, tmp_path: Path):
    """Pictures of 40 x 36 px on 32 x 32 are 1.25 x 1.12 px a px; windows of 20 x 20 px are half of that."""
    write_squares(workspace)
    windows = json_file(tmp_path, "infer", WINDOWS)
    sliding = {"source": "sliding_window", "window": {"width": 42, "height": 36}}

    train(run := run_in(workspace), options(tmp_path, "m", epochs=1, windows=windows))
    fitting = json_file(tmp_path, "fitting", {"mode": sliding})
    train(quiet := run_in(workspace), options(tmp_path, "n", epochs=1, windows=fitting))

    (warning,) = told(run).warnings
    assert "trained at 1.25 x 1.12 px" in warning
    assert "Windows of 40 x 36 px fit this model" in warning
    assert told(quiet).warnings == []
    assert workspace.model_files("m").read_json("run.json")["scale"] == {"x": 1.25, "y": 1.125}


def test_ray_trains_to_the_same_weights_as_one_process(workspace: Workspace, tmp_path: Path, ray_engine: Engine):
    """Bit for bit, on the CPU."""
    write_squares(workspace)
    train(run_in(workspace), options(tmp_path, "here", epochs=1))
    train(run_in(workspace, ray_engine), options(tmp_path, "ray", epochs=1))

    assert weights(workspace, "here") == weights(workspace, "ray")


def test_two_workers_train_as_one(workspace: Workspace, tmp_path: Path, ray_engine: Engine):
    """A batch is two devices' parts, whoever computes them."""
    write_squares(workspace)
    one = train(run_in(workspace), options(tmp_path, "one", epochs=1, gpu_devices=[0, 1]))
    two = train(run_in(workspace, ray_engine), options(tmp_path, "two", epochs=1, gpu_devices=[0, 1], devices="cpu:2"))

    losses = [[entry["loss"] for entry in listing["checkpoints"]] for listing in (one, two)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)
    assert workspace.model_files("two").read_json("run.json")["sessions"][0]["world_size"] == 2


def test_ray_trains_on_a_query_as_one_process(workspace: Workspace, tmp_path: Path, ray_engine: Engine):
    """The same weights, and no project is written."""
    write_squares(workspace)
    file = str(write_query(tmp_path, cropped()))
    here, there = (replace(options(tmp_path, name, epochs=2), project=file) for name in ("here", "ray"))

    train(run_in(workspace), here)
    train(run_in(workspace, ray_engine), there)

    assert weights(workspace, "here") == weights(workspace, "ray")
    assert workspace.projects() == ["squares"]
    assert leftovers(workspace) == []


def test_a_query_that_is_wrong_leaves_no_model(workspace: Workspace, tmp_path: Path):
    """A file that is not there, a layer that there is not, a tag that no picture has."""
    write_squares(workspace)
    wrong, untagged = cropped(), cropped()
    wrong[1]["action"] = "multipy"
    untagged[-1:] = query(("tag", "$c", "$t", {"tag": "train", "action": "delete"}), save="$t")
    run = run_in(workspace)

    with pytest.raises(ConfigError, match=r"none\.json: no such file"):
        train(run, replace(options(tmp_path, "m"), project="none.json"))
    with pytest.raises(ConfigError, match=r"/1/action: .* did you mean 'multiply'"):
        train(run, replace(options(tmp_path, "m"), project=str(write_query(tmp_path, wrong))))
    with pytest.raises(DataError, match=r"of query '.*' has the tag 'train' \(/dataset_tags/train\); known: val; "):
        train(run, replace(options(tmp_path, "m"), project=str(write_query(tmp_path, untagged))))

    assert workspace.models() == []


def test_a_project_may_be_called_like_a_file(workspace: Workspace, tmp_path: Path):
    """Where there is no such file."""
    write_squares(workspace, "odd.json")

    assert find_source(run_in(workspace), "odd.json").label == "project 'odd.json'"


def test_resuming_goes_on_to_more_epochs(workspace: Workspace, tmp_path: Path):
    """And ends where one go would have ended; TensorBoard has each step once."""
    write_squares(workspace)
    train(run_in(workspace), options(tmp_path, "whole", epochs=2))
    train(run_in(workspace), options(tmp_path, "parts", epochs=1))
    train(run_in(workspace), options(tmp_path, "parts", epochs=2, resume=True))

    assert weights(workspace, "parts") == weights(workspace, "whole")
    assert steps_of(event_files(workspace, "parts"), "train/loss") == [1, 2, 3, 4, 5, 6]
    assert steps_of(event_files(workspace, "parts"), "val/iou/car") == [2, 3, 5, 6]


def test_gpus_that_are_not_there_are_an_error_with_remedies(workspace: Workspace, tmp_path: Path):
    """The tutorial's config asks for three."""
    write_squares(workspace)

    with pytest.raises(ResourceError, match=r"\[0, 1, 2\](.|\n)*0 GPUs(.|\n)*--devices auto"):
        train(run_in(workspace), options(tmp_path, "m", gpu_devices=[0, 1, 2], devices="exact"))

    assert workspace.models() == []


def test_auto_takes_what_there_is_and_records_it(workspace: Workspace, tmp_path: Path):
    """Three devices' batches on one CPU worker."""
    write_squares(workspace)

    train(run_in(workspace), options(tmp_path, "m", epochs=1, gpu_devices=[0, 1, 2], devices="auto"))

    (session,) = workspace.model_files("m").read_json("run.json")["sessions"]
    assert (session["world_size"], session["shards"]) == (1, 3)
    assert "gradients accumulated" in session["note"]


def test_a_training_that_fails_at_once_leaves_no_model(workspace: Workspace, tmp_path: Path):
    """The next try needs no --overwrite."""
    write_squares(workspace)

    with pytest.raises(DataError, match=r"no readable picture .* has the tag 'trian'"):
        train(run_in(workspace), options(tmp_path, "m", dataset_tags={"train": "trian"}))

    assert not workspace.files.exists("models/m")
    assert leftovers(workspace) == []


def test_a_training_that_fails_at_once_replaces_no_model(workspace: Workspace, tmp_path: Path):
    """--overwrite takes the old one away when there is a new one."""
    write_squares(workspace)
    train(run_in(workspace), options(tmp_path, "m", epochs=1))
    before = weights(workspace, "m")

    with pytest.raises(DataError):
        train(run_in(workspace), options(tmp_path, "m", dataset_tags={"train": "trian"}, overwrite=True))
    assert weights(workspace, "m") == before

    train(run_in(workspace), options(tmp_path, "m", epochs=1, seed=1, overwrite=True))
    assert weights(workspace, "m") != before
    assert leftovers(workspace) == []


def test_nobody_is_told_where_no_tracker_is_named(workspace: Workspace, tmp_path: Path):
    """TensorBoard's files are a default, no duty."""
    write_squares(workspace)

    train(run_in(workspace), options(tmp_path, "m", epochs=1, trackers=[]))

    assert workspace.model_files("m").folders() == ["checkpoints"]


@pytest.mark.skipif(find_spec("wandb") is not None, reason="wandb is installed")
def test_a_tracker_without_its_package_is_refused_before_the_engine_starts(workspace: Workspace, tmp_path: Path):
    """No model is begun."""
    write_squares(workspace)
    run = run_in(workspace)

    with pytest.raises(ConfigError, match=r"pip install kittiseg\[wandb\]"):
        train(run, options(tmp_path, "m", trackers=["wandb"]))

    assert "engine" not in run.__dict__
    assert workspace.models() == []


def test_names_and_devices_are_checked_before_the_engine_starts(workspace: Workspace, tmp_path: Path):
    """A cluster takes seconds to start."""
    write_squares(workspace)
    train(run_in(workspace), options(tmp_path, "m", epochs=1))
    run = run_in(workspace)

    for wrong in ({"devices": "gpu"}, {"resume": False}):
        with pytest.raises(KittisegError):
            train(run, options(tmp_path, "m", **wrong))
    with pytest.raises(WorkspaceError, match=r"no model 'mm' .*did you mean 'm'"):
        train(run, options(tmp_path, "mm", resume=True))

    assert "engine" not in run.__dict__


def test_a_model_that_is_there_stays(workspace: Workspace, tmp_path: Path):
    """Only --overwrite replaces it, and --resume goes on with it."""
    write_squares(workspace)
    train(run_in(workspace), options(tmp_path, "m", epochs=1))
    before = weights(workspace, "m")

    with pytest.raises(WorkspaceError, match="model 'm' exists"):
        train(run_in(workspace), options(tmp_path, "m", epochs=1, seed=1))

    assert weights(workspace, "m") == before


def test_a_checkpoint_becomes_a_model_of_its_own(workspace: Workspace, tmp_path: Path):
    """It keeps its number, whatever the name."""
    write_squares(workspace)
    train(run_in(workspace), options(tmp_path, "m", epochs=2))

    number = restore_checkpoint(run_in(workspace), "m", "3", name="m (ckpt 3)")

    listing = list_checkpoints(run_in(workspace), "m (ckpt 3)")
    assert number == 3
    assert [entry["checkpoint"] for entry in listing["checkpoints"]] == [3]


def test_a_checkpoint_that_is_not_there_is_named_with_those_that_are(workspace: Workspace, tmp_path: Path):
    """So the right number can be read off the error."""
    write_squares(workspace)
    train(run_in(workspace), options(tmp_path, "m", epochs=1))

    with pytest.raises(ModelError, match=r"no checkpoint '27'; there are 1-2"):
        restore_checkpoint(run_in(workspace), "m", "27", name="other")
