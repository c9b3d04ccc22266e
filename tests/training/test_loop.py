import hashlib
import json
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from kittiseg.errors import DataError, KittisegError, ModelError
from kittiseg.project.store import Files, Workspace
from kittiseg.training.checkpoints import list_checkpoints, read_newest, read_optimizer, read_weights, resolve
from kittiseg.training.history import read_history
from kittiseg.training.loop import train_loop
from kittiseg.training.prepare import TrainJob
from kittiseg.training.reading import SampleReader
from kittiseg.training.run_record import read_run
from kittiseg.training.sources import ProjectSource
from tests.data.projects import annotation_of, square, write_project
from tests.data.query_sources import cropped, dropped, mirrored, source_in, write_query, written
from tests.data.train_worker import Context, exit_code, start_worker, train_by
from tests.data.training import CAR, tiny_job, with_epochs, with_samples, write_squares

HERE = Context(rank=0, world_size=1)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.at(tmp_path / "workspace")


def losses(model: Files, kind: str) -> list[float]:
    return [record["loss"] for record in read_history(model) if record["kind"] == kind]


def without_measurements(model: Files) -> list[dict[str, Any]]:
    """The history, but for what the clock and the machine's memory said."""
    measured = ("seconds", "samples_per_s", "waited", "memory_mb")
    return [{key: value for key, value in record.items() if key not in measured} for record in read_history(model)]


def same_weights(one: Files, other: Files) -> bool:
    mine, theirs = read_weights(resolve(one, "last")), read_weights(resolve(other, "last"))
    return all(torch.equal(mine[name], theirs[name]) for name in mine)


def test_validation_on_whole_pictures_leaves_no_trace(workspace: Workspace) -> None:
    """The same weights as without; scores at every third checkpoint and at the last, in history and state."""
    project = write_squares(workspace)
    plain = tiny_job(workspace, "plain", project=project)
    wanted = {"project": project.name, "config": {}, "every": 3}
    watched = tiny_job(workspace, "watched", project=project, validate_on=wanted)

    for job in (plain, watched):
        train_loop(HERE, job)

    scores = [record.get("whole") for record in read_history(watched.model) if record["kind"] == "val"]
    assert same_weights(plain.model, watched.model)
    assert [score is not None for score in scores] == [False, False, True, True]
    assert [checkpoint.state.metrics.get("whole") for checkpoint in list_checkpoints(watched.model).whole] == scores
    assert all("whole" not in record for record in read_history(plain.model))


def test_training_learns_the_squares(workspace: Workspace) -> None:
    """Ten epochs find a bright square on pictures that were not trained on."""
    job = tiny_job(workspace, epochs=10, val_every=10, lr=0.01)

    train_loop(HERE, job)

    assert list_checkpoints(job.model).last.state.metrics["iou"]["car"] > 0.6


def test_every_step_and_validation_is_in_the_history(workspace: Workspace) -> None:
    """6 pictures in batches of 2 are 3 steps an epoch; half an epoch is due at the second."""
    job = tiny_job(workspace, epochs=2)

    train_loop(HERE, job)

    history = read_history(job.model)
    assert [record["step"] for record in history if record["kind"] == "train"] == [1, 2, 3, 4, 5, 6]
    validations = [(r["checkpoint"], r["step"], round(r["epoch"], 2)) for r in history if r["kind"] == "val"]
    assert validations == [(1, 2, 0.67), (2, 3, 1.0), (3, 5, 1.67), (4, 6, 2.0)]
    assert set(history[-1]["iou"]) == {"bg", "car"}
    assert [checkpoint.number for checkpoint in list_checkpoints(job.model).whole] == [1, 2, 3, 4]


def test_the_same_seed_gives_the_same_weights(workspace: Workspace) -> None:
    """Two trainings end bit for bit alike; another seed does not."""
    project = write_squares(workspace)
    one, same, other = (
        tiny_job(workspace, name, project=project, seed=seed) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )

    for job in (one, same, other):
        train_loop(HERE, job)

    assert same_weights(one.model, same.model)
    assert not same_weights(one.model, other.model)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_training_that_goes_on_ends_like_one_that_never_stopped(workspace: Workspace, precision: str) -> None:
    """Stopped after the first epoch, in the middle of a checkpoint's epoch, and gone on with: the same bits."""
    project = write_squares(workspace)
    whole = tiny_job(workspace, "whole", project=project, epochs=3, val_every=0.4, precision=precision)
    parts = tiny_job(workspace, "parts", project=project, epochs=3, val_every=0.4, precision=precision)

    train_loop(HERE, whole)
    train_loop(HERE, with_epochs(parts, 1))
    parts.model.remove("checkpoints/00000003")
    train_loop(HERE, parts)

    assert same_weights(whole.model, parts.model)
    assert losses(whole.model, "train") == losses(parts.model, "train")
    assert read_run(parts.model)["sessions"][1]["resumed_from"] == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"optimizer": {"name": "adamw"}, "schedule": {"name": "cosine", "warmup_epochs": 1}},
        {"optimizer": {"name": "sgd", "nesterov": True}, "schedule": {"name": "poly"}, "clip_gradients": 0.1},
        {"ema": 0.9, "accumulate": 2},
        {"freeze_encoder": 1, "ema": 0.9},
        {"freeze_encoder": 0.5, "optimizer": {"name": "sgd"}},
        {"sampling": {"classes": ["car"], "share": 1.0}, "schedule": {"name": "lr_decreasing", "patience": 1}},
    ],
    ids=str,
)
def test_whatever_moves_the_weights_goes_on_as_if_never_stopped(workspace: Workspace, fields: dict[str, Any]) -> None:
    """From the first checkpoint, in the middle of the first epoch: the same bits, rates and losses."""
    job = tiny_job(workspace, val_every=0.5, keep={"best": 9}, **fields)
    train_loop(HERE, job)
    listing = list_checkpoints(job.model)
    kept = [read_weights(checkpoint) | read_optimizer(checkpoint) for checkpoint in listing.whole]
    history = without_measurements(job.model)

    for checkpoint in listing.whole[1:]:
        job.model.remove(f"checkpoints/{checkpoint.number:08d}")
    train_loop(HERE, job)

    assert read_run(job.model)["sessions"][1]["resumed_from"] == 1
    assert without_measurements(job.model) == history
    for checkpoint, before in zip(list_checkpoints(job.model).whole, kept, strict=True):
        again = read_weights(checkpoint) | read_optimizer(checkpoint)
        assert again.keys() == before.keys()
        assert all(torch.equal(again[name], before[name]) for name in again)


def test_a_training_killed_at_any_moment_ends_like_one_left_alone(workspace: Workspace, tmp_path: Path) -> None:
    """SIGKILL twice, each time a random while after the training got on; the third process finishes it."""
    project = write_squares(workspace)
    fields = {"epochs": 40, "val_every": 0.9}
    alone, killed = (tiny_job(workspace, name, project=project, **fields) for name in ("alone", "killed"))
    rng = np.random.default_rng(int(time.time()))

    train_loop(HERE, alone)
    for _ in range(2):
        before = len(killed.model.folders("checkpoints"))
        worker = start_worker(killed, tmp_path)
        while len(killed.model.folders("checkpoints")) <= before and worker.is_alive():
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.3))
        worker.kill()
        assert exit_code(worker) == -signal.SIGKILL, "the training ended before it could be killed; make it longer"
    assert exit_code(start_worker(killed, tmp_path)) == 0

    assert same_weights(alone.model, killed.model)
    assert losses(alone.model, "train") == losses(killed.model, "train")
    assert losses(alone.model, "val") == losses(killed.model, "val")
    assert len(read_run(killed.model)["sessions"]) == 3


@pytest.mark.parametrize(
    ("workers", "sync_batchnorm", "rounding"), [(2, False, 1e-5), (3, False, 1e-5), (2, True, 1e-4)]
)
def test_the_number_of_workers_does_not_matter(
    workspace: Workspace, tmp_path: Path, workers: int, sync_batchnorm: bool, rounding: float
) -> None:
    """One process that accumulates 3 shards, and 2 or 3 processes that share them out, have the same losses.

    7 pictures in batches of 6 leave one for the last batch, so two shards of it are empty. Statistics that are summed
    over workers are rounded more often than those of one; each worker validates by those of its own batches, of which
    there is one in all. Of the whole pictures that are validated on, the first worker has four, the second one, the
    third none; only that one has a car.
    """
    project = write_squares(workspace, train=7)
    streets = {f"ds/{index}.png": annotation_of({}) for index in range(4)}
    streets["ds/4.png"] = annotation_of({"car": square(top=0, left=0, side=6)})
    whole = {"project": write_project(workspace, "streets", streets, meta=CAR).name, "config": {}}
    fields = {"gpu_devices": [0, 1, 2], "epochs": 2, "val_every": 1, "validate_on": whole}
    fields |= {"sync_batchnorm": sync_batchnorm, "validate_with_model_eval": not sync_batchnorm}
    one = tiny_job(workspace, "one", project=project, **fields)
    several = tiny_job(workspace, "several", project=project, **fields)

    train_loop(HERE, one)
    reports = train_by(workers, several, tmp_path)

    np.testing.assert_allclose(losses(several.model, "train"), losses(one.model, "train"), atol=rounding)
    scores = [[c.state.metrics["whole"] for c in list_checkpoints(job.model).whole] for job in (one, several)]
    assert scores[0] == scores[1]
    assert scores[0][0]["accuracy"] == 1 - 36 / (5 * 48)
    np.testing.assert_allclose(losses(several.model, "val"), losses(one.model, "val"), atol=rounding)
    assert reports[0] == reports[-1]
    assert reports[0].count(b"checkpoints/0000000") == 2


@pytest.mark.parametrize("where", ["device", "memory"])
def test_where_samples_lie_changes_nothing(workspace: Workspace, where: str) -> None:
    """The weights are those of samples that are streamed from the disk; run.json says where they were."""
    project = write_squares(workspace)
    streamed = tiny_job(workspace, "streamed", project=project, samples_in="stream")
    other = tiny_job(workspace, "other", project=project, samples_in=where)

    for job in (streamed, other):
        train_loop(HERE, job)

    assert same_weights(streamed.model, other.model)
    assert [read_run(job.model)["sessions"][0]["samples_in"] for job in (streamed, other)] == ["stream", where]


def test_every_step_tells_how_long_it_waited(workspace: Workspace) -> None:
    """As a share of its time."""
    job = tiny_job(workspace, samples_in="stream")

    train_loop(HERE, job)

    waited = [record["waited"] for record in read_history(job.model) if record["kind"] == "train"]
    assert len(waited) == 6
    assert all(0 <= share < 1 for share in waited)


def test_each_checkpoint_knows_every_validation_picture(workspace: Workspace) -> None:
    """Its name and its IoU, for a report of the worst and the best."""
    job = tiny_job(workspace, epochs=1, val_every=1)

    train_loop(HERE, job)

    pictures = job.model.read_json("checkpoints/00000001/pictures.json")
    assert [entry["name"] for entry in pictures] == ["squares/ds/006.png", "squares/ds/007.png"]
    assert all(set(entry["iou"]) == {"bg", "car"} for entry in pictures)


def test_two_workers_average_clip_and_sample_alike(workspace: Workspace, tmp_path: Path) -> None:
    """The averaged weights and running statistics, with an encoder that is frozen at first, are those of one worker."""
    project = write_squares(workspace, empty=3)
    fields = {
        "gpu_devices": [0, 1],
        "epochs": 2,
        "val_every": 0.5,
        "freeze_encoder": 0.5,
        "ema": 0.5,
        "clip_gradients": 0.5,
        "sampling": {"classes": ["car"], "share": 0.8},
    }
    one = tiny_job(workspace, "one", project=project, **fields)
    two = tiny_job(workspace, "two", project=project, **fields)

    train_loop(HERE, one)
    reports = train_by(2, two, tmp_path)

    np.testing.assert_allclose(losses(two.model, "train"), losses(one.model, "train"), atol=1e-5)
    np.testing.assert_allclose(losses(two.model, "val"), losses(one.model, "val"), atol=1e-5)
    assert reports[0] == reports[1]


def test_a_device_that_accumulates_trains_as_several(workspace: Workspace) -> None:
    """Four pictures in two parts are what two devices with two pictures each make, bit for bit."""
    project = write_squares(workspace)
    parts = tiny_job(workspace, "parts", project=project, batch_size={"train": 4}, accumulate=2)
    devices = tiny_job(workspace, "devices", project=project, gpu_devices=[0, 1])

    for job in (parts, devices):
        train_loop(HERE, job)

    assert same_weights(parts.model, devices.model)
    assert losses(parts.model, "train") == losses(devices.model, "train")


def test_a_damaged_checkpoint_is_passed_over(workspace: Workspace) -> None:
    """The training goes on from the one before it, says so in run.json, and writes a whole one in its place."""
    job = tiny_job(workspace, epochs=1, val_every=0.5)
    train_loop(HERE, job)
    undisturbed = read_weights(resolve(job.model, "2"))
    weights = job.model.read("checkpoints/00000002/model.safetensors")
    job.model.write("checkpoints/00000002/model.safetensors", weights[:-1] + b"\x00")

    train_loop(HERE, job)

    session = read_run(job.model)["sessions"][1]
    assert session["resumed_from"] == 1
    assert "00000002/model.safetensors is damaged" in session["passed_over"][0]
    again = read_weights(resolve(job.model, "2"))
    assert all(torch.equal(undisturbed[name], again[name]) for name in undisturbed)


def test_a_loss_that_is_not_finite_ends_the_training(workspace: Workspace) -> None:
    """The error names the step, the rate and the pictures, and no checkpoint is written."""
    job = tiny_job(workspace, lr=1e30, val_every=1)

    with pytest.raises(
        KittisegError, match=r"the loss is nan after step 2 .*lr 1e\+30.*squares/ds/00\d\.png, .*no check"
    ):
        train_loop(HERE, job)

    assert not list_checkpoints(job.model).whole


def test_a_validation_loss_that_is_not_finite_ends_the_training(workspace: Workspace) -> None:
    """Weights that the last step spoilt become no checkpoint."""
    job = tiny_job(workspace, lr=1e30, val_every=0.3)

    with pytest.raises(KittisegError, match="the validation loss is nan after step 1 "):
        train_loop(HERE, job)

    assert not list_checkpoints(job.model).whole


def test_other_pictures_cannot_be_gone_on_with(workspace: Workspace) -> None:
    """A project with one picture more is refused, since the order of pictures would be another."""
    job = tiny_job(workspace, epochs=1)
    train_loop(HERE, job)
    more = write_squares(workspace, "more", train=7)

    with pytest.raises(DataError, match="'more' has other training pictures"):
        train_loop(HERE, with_epochs(with_samples(job, ProjectSource(more)), 2))


def test_the_rate_falls_and_adam_begins_anew(workspace: Workspace) -> None:
    """With a patience of 1 the rate is divided after a worse loss; the moments of later steps count from then."""
    job = tiny_job(workspace, epochs=8, val_every=0.3, lr=0.3, lr_decreasing={"patience": 1, "lr_divisor": 10}, seed=3)

    train_loop(HERE, job)

    listing = list_checkpoints(job.model)
    states = [checkpoint.state for checkpoint in listing.whole]
    fallen = next(state for state in states if state.lr_changed_at)
    assert fallen.lr == pytest.approx(0.03)
    assert fallen.lr_changed_at == fallen.checkpoint
    last_fall = states[states[-1].lr_changed_at - 1]
    assert read_optimizer(listing.last).get("step.head.bias", 0) == states[-1].step - last_fall.step


def test_a_training_that_no_longer_gets_better_ends(workspace: Workspace) -> None:
    """Two validations after the first, which none can beat by so much; asked to go on, it ends for the same reason."""
    job = tiny_job(workspace, epochs=9, val_every=0.3, early_stopping={"patience": 2, "min_delta": 1000})

    for _ in range(2):
        train_loop(HERE, job)

    last = list_checkpoints(job.model).last
    assert last.number == 3
    assert last.state.scores == tuple(-loss for loss in last.state.val_losses)
    assert [session["why"] for session in read_run(job.model)["sessions"]] == [
        "early_stopping: no better loss in 2 validations"
    ] * 2


def test_first_weights_are_gone_after_the_training(workspace: Workspace) -> None:
    """What is left of the folder is what the architecture lists."""
    job: TrainJob = tiny_job(workspace, epochs=1)

    train_loop(HERE, job)

    assert job.model.files() == ["config.json", "history.jsonl", "run.json"]
    found, passed_over = read_newest(job.model)
    assert found is not None
    assert not passed_over


def test_weights_that_vanished_are_an_error(workspace: Workspace) -> None:
    """A model without checkpoint and without first weights cannot be trained."""
    job = tiny_job(workspace)
    job.model.remove("init.safetensors")

    with pytest.raises(KittisegError, match=r"init\.safetensors: no such file"):
        train_loop(HERE, job)
    with pytest.raises(ModelError, match="no checkpoint yet"):
        resolve(job.model, "last")


@pytest.mark.parametrize("document", [mirrored(), cropped(), dropped()])
def test_a_query_is_gone_on_with_as_if_never_stopped(
    workspace: Workspace, tmp_path: Path, document: list[dict[str, object]]
) -> None:
    """In the middle of an epoch, whose pictures are made again; more threads change nothing."""
    write_squares(workspace)
    source = source_in(workspace, write_query(tmp_path, document))
    fields = {"epochs": 3, "val_every": 0.4}
    whole = tiny_job(workspace, "whole", source=source, **fields)
    parts = tiny_job(workspace, "parts", source=source, **fields, data_workers={"train": 3})

    train_loop(HERE, whole)
    train_loop(HERE, with_epochs(parts, 2))
    parts.model.remove("checkpoints/00000005")
    train_loop(HERE, parts)

    assert same_weights(whole.model, parts.model)
    for kind in ("train", "val"):
        assert losses(whole.model, kind) == losses(parts.model, kind)
    assert read_run(parts.model)["sessions"][1]["resumed_from"] == 4
    assert list_checkpoints(whole.model).last.state.epoch == 3


def test_epochs_of_a_query_may_differ_in_length(workspace: Workspace, tmp_path: Path) -> None:
    """Each has as many steps as its own pictures make; all are seen."""
    write_squares(workspace)
    source = source_in(workspace, write_query(tmp_path, dropped()))
    job = tiny_job(workspace, source=source, epochs=4, val_every=1)
    reader = SampleReader(source, job.config.settings, job.config.classes)
    lengths = tuple(len(reader.read(("train",), epoch=epoch)["train"]) for epoch in range(4))

    train_loop(HERE, job)

    states = [checkpoint.state for checkpoint in list_checkpoints(job.model).whole]
    assert len(set(lengths)) > 1
    assert states[-1].sizes == lengths
    assert [state.samples_seen for state in states] == [sum(lengths[:count]) for count in range(1, 5)]
    assert states[-1].step == sum(-(-length // 2) for length in lengths)


def test_a_query_without_draws_trains_as_its_project(workspace: Workspace, tmp_path: Path) -> None:
    """The same losses; with random crops only the first epoch's are the same."""
    write_squares(workspace)
    curves = []
    for name, document in (("mirrored", mirrored()), ("cropped", cropped())):
        file = write_query(tmp_path, document, name=name)
        drawn = tiny_job(workspace, f"{name} query", source=source_in(workspace, file))
        fixed = tiny_job(workspace, f"{name} project", project=written(workspace, file))
        for job in (drawn, fixed):
            train_loop(HERE, job)
        curves.append((losses(drawn.model, "train"), losses(fixed.model, "train")))

    (mirrored_query, mirrored_project), (cropped_query, cropped_project) = curves
    assert mirrored_query == mirrored_project
    assert cropped_query[:6] == cropped_project[:6]
    assert cropped_query[6] != cropped_project[6]


def test_two_workers_make_the_same_pictures_of_a_query(workspace: Workspace, tmp_path: Path) -> None:
    """Each makes all of them."""
    write_squares(workspace)
    source = source_in(workspace, write_query(tmp_path, dropped()))
    fields = {"gpu_devices": [0, 1], "epochs": 2, "val_every": 1, "data_workers": {"train": 2}}
    one = tiny_job(workspace, "one", source=source, **fields)
    two = tiny_job(workspace, "two", source=source, **fields)

    train_loop(HERE, one)
    train_by(2, two, tmp_path)

    np.testing.assert_allclose(losses(two.model, "train"), losses(one.model, "train"), atol=1e-5)


def test_other_sources_of_a_query_cannot_be_gone_on_with(workspace: Workspace, tmp_path: Path) -> None:
    """A picture more in the project that the query reads."""
    write_squares(workspace)
    file = write_query(tmp_path, cropped())
    job = tiny_job(workspace, source=source_in(workspace, file), epochs=1)
    train_loop(HERE, job)
    workspace.files.remove("projects/squares")
    write_squares(workspace, train=7)

    with pytest.raises(DataError, match=r"query '.*query\.json' has other training pictures"):
        train_loop(HERE, with_epochs(with_samples(job, source_in(workspace, file)), 2))


def test_an_old_checkpoint_without_sizes_is_gone_on_with(workspace: Workspace) -> None:
    """Those of before queries were sources."""
    job = tiny_job(workspace, epochs=1, val_every=0.4)
    train_loop(HERE, job)
    model = job.model
    undisturbed = read_weights(resolve(model, "last"))
    model.remove("checkpoints/00000003")
    state = json.loads(model.read("checkpoints/00000002/state.json"))
    del state["sizes"]
    data = json.dumps(state).encode()
    manifest = json.loads(model.read("checkpoints/00000002/manifest.json"))
    manifest["state.json"] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    model.write("checkpoints/00000002/state.json", data)
    model.write("checkpoints/00000002/manifest.json", json.dumps(manifest).encode())

    train_loop(HERE, job)

    found = read_weights(resolve(model, "last"))
    assert read_run(model)["sessions"][1]["resumed_from"] == 2
    assert all(torch.equal(found[name], undisturbed[name]) for name in found)
