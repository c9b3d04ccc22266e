"""Trainings that are killed at any moment, for real: they go on, and nothing shows in the end."""

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kittiseg.engine import Engine
from kittiseg.errors import WorkspaceError
from kittiseg.pipeline import TrainOptions, restore_checkpoint, train
from kittiseg.project.store import Files, Workspace
from kittiseg.training.history import read_history
from tests.data.commands import start_command, stop_when
from tests.data.events import steps_of
from tests.data.kills import (
    BY_TWO,
    KILLABLE,
    MOMENTS,
    STEPS,
    assert_unscathed,
    kill_during,
    last_weights,
    sessions,
    wait_until,
    write_killable,
)
from tests.data.runs import json_file, leftovers, processes, run_in, told
from tests.data.train_worker import InProcesses, exit_code, start_group, start_worker, train_by
from tests.data.training import tiny_job

pytestmark = pytest.mark.drill

ROOT = Path(__file__).parents[2]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace.at(tmp_path / "workspace")
    write_killable(workspace)
    return workspace


@pytest.fixture(scope="module")
def by_two(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The model that two workers train whom nobody disturbs."""
    folder = tmp_path_factory.mktemp("undisturbed")
    workspace = Workspace.at(folder / "workspace")
    write_killable(workspace)
    train(run_in(workspace, InProcesses(folder=folder)), options(folder, "alone", BY_TWO))
    return workspace.model_files("alone")


def options(folder: Path, name: str, config: dict[str, object]) -> TrainOptions:
    return TrainOptions(json_file(folder, name, config), "squares", name)


def test_a_command_that_is_killed_again_and_again_ends_like_one_left_alone(workspace: Workspace, tmp_path: Path):
    """In a step, a validation and an upload; each time the same command with --resume goes on."""
    run, wanted = run_in(workspace, InProcesses(folder=tmp_path)), options(tmp_path, "m", KILLABLE)
    train(run, replace(wanted, name="alone"))
    words = ["train", str(wanted.config), "--project", "squares", "--name", "m"]
    model = workspace.files.within("models/m")

    for number, moment in enumerate(MOMENTS, 1):
        process = start_command(workspace, *words, *(["--resume"] if number > 1 else []))
        wait_until(lambda number=number, process=process: process.poll() or sessions(model) == number)
        kill_during(moment, model, [process.pid])
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    train(run, replace(wanted, resume=True))

    assert sessions(model) == 4
    assert_unscathed(workspace, "m", last_weights(workspace.model_files("alone")))


def test_workers_that_are_killed_do_not_show(workspace: Workspace, tmp_path: Path, by_two: Files, ray_engine: Engine):
    """One of two, in a step, in a validation, and in an upload: each time Ray starts both anew. In bf16."""
    model = workspace.files.within("models/m")
    killed: list[str] = []

    def kill() -> None:
        for number, moment in enumerate(MOMENTS, 1):
            wait_until(lambda number=number: sessions(model) == number)
            one, *others = processes("RayTrainWorker")
            kill_during(moment, model, [one], beside=others)
            killed.append(moment)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    train(run := run_in(workspace, ray_engine), options(tmp_path, "m", BY_TWO))
    killer.join()

    assert killed == list(MOMENTS)
    assert sum("a worker died; the training goes on from checkpoint" in text for text in told(run).warnings) == 3
    assert_unscathed(workspace, "m", last_weights(by_two))
    assert steps_of(Path(model.path("tensorboard")), "train/loss") == list(range(1, STEPS + 1))


def test_a_killed_driver_s_workers_do_not_get_in_the_way(workspace: Workspace, tmp_path: Path, by_two: Files):
    """They train on for a second after the command that started Ray is dead; who goes on waits for their end."""
    model = workspace.files.within("models/m")
    wanted = options(tmp_path, "m", BY_TWO)
    words = ["train", str(wanted.config), "--project", "squares", "--name", "m"]
    with start_command(workspace, *words, engine="ray") as process:
        wait_until(lambda: sessions(model))
        kill_during("upload", model, [process.pid], beside=processes("RayTrainWorker"))
        process.wait()

        train(run_in(workspace, InProcesses(folder=tmp_path)), replace(wanted, resume=True))

    assert process.returncode == -signal.SIGKILL
    assert sessions(model) == 2
    assert_unscathed(workspace, "m", last_weights(by_two))


def test_lost_nodes_do_not_show(workspace: Workspace, tmp_path: Path, by_two: Files):
    """One of two, with a worker on it, in a step, a validation and an upload; each time another node comes."""
    config = str(options(tmp_path, "m", BY_TWO).config)
    words = [sys.executable, "-m", "tests.data.lost_node", workspace.files.root, config, "m"]

    done = subprocess.run(words, cwd=ROOT, check=False, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert all(f"lost in {moment} with a worker\n" in done.stdout for moment in MOMENTS)
    assert done.stdout.count("a worker died; the training goes on from checkpoint") == 3
    assert_unscathed(workspace, "m", last_weights(by_two))


def test_other_numbers_of_workers_go_on_with_the_same_batches(workspace: Workspace, tmp_path: Path):
    """Two workers, killed in the middle of an epoch, then one, killed too, then three.

    They sum gradients in another order, so losses agree to 5e-5 only; from one batch to the next they differ by more.
    """
    fields = {**KILLABLE, "gpu_devices": [0, 1, 2], "epochs": 1, "val_every": 3 / 8, "width": 0.06}
    alone, job = (tiny_job(workspace, name, project=workspace.project("squares"), **fields) for name in ("one", "m"))
    train_by(1, alone, tmp_path)

    for workers, checkpoints in ((2, 1), (1, 2), (3, 3)):
        group = start_group(job, tmp_path, workers=workers)
        wait_until(lambda wanted=checkpoints: len(job.model.folders("checkpoints")) >= wanted)
        for worker in group if checkpoints < 3 else []:
            worker.kill()
        assert {exit_code(worker) for worker in group} == {-signal.SIGKILL if checkpoints < 3 else 0}

    starts = job.model.read_json("run.json")["sessions"]
    assert [start["world_size"] for start in starts] == [2, 1, 3]
    assert [start["resumed_from"] for start in starts] == [0, 1, 2]
    losses, undisturbed = losses_of(job.model), losses_of(alone.model)
    assert len(losses) == 8
    np.testing.assert_allclose(losses, undisturbed, rtol=0, atol=5e-5)
    assert np.abs(np.diff(undisturbed)).min() > 5e-5


def losses_of(model: Files) -> list[float]:
    return [record["loss"] for record in read_history(model) if record["kind"] == "train"]


def test_workers_that_outlive_their_driver_are_waited_for(workspace: Workspace, tmp_path: Path):
    """A worker that hangs holds the model; the next command begins when it is dead, and not before."""
    job = tiny_job(workspace, "m", project=workspace.project("squares"), **KILLABLE)
    worker = start_worker(job, tmp_path)
    wait_until(lambda: len(job.model.folders("checkpoints")) == 1)
    os.kill(worker.pid, signal.SIGSTOP)
    config = str(json_file(tmp_path, "config", KILLABLE))
    with start_command(workspace, "train", config, "--project", "squares", "--name", "m", "--resume") as process:
        try:
            wait_until(lambda: Path(workspace.files.path(".locks/models/m.lock")).exists())
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(timeout=3)
            assert sessions(job.model) == 1
        finally:
            worker.kill()
        assert process.wait() == 0
    assert sessions(job.model) == 2
    assert exit_code(worker) == -signal.SIGKILL


def test_the_second_of_two_commands_at_one_model_is_refused(workspace: Workspace, tmp_path: Path):
    """Whatever it would do with it. The first does not notice, and ends cleanly at SIGTERM."""
    config = json_file(tmp_path, "config", KILLABLE)
    first = start_command(workspace, "train", str(config), "--project", "squares", "--name", "m")
    model = workspace.files.within("models/m")
    wait_until(lambda: model.folders("checkpoints"))
    run, again = run_in(workspace), TrainOptions(config, "squares", "m")

    for wrong in (again, replace(again, resume=True), replace(again, overwrite=True)):
        with pytest.raises(WorkspaceError, match="model 'm' is being written by another process; wait, or stop it"):
            train(run, wrong)
    with pytest.raises(WorkspaceError, match="model 'm' is being written"):
        restore_checkpoint(run, "m", "1", name="m", overwrite=True)

    code, err = stop_when(first, signal.SIGTERM, lambda: True)
    assert code == 143
    assert err.endswith("the same command with --resume goes on from the last checkpoint\ninterrupted\n")
    assert leftovers(workspace) == model.hidden() == model.hidden("checkpoints") == []
