from pathlib import Path
from typing import Any

import pytest

from kittiseg.engine.in_process import InProcess
from kittiseg.errors import ConfigError, ResourceError
from kittiseg.pipeline import SweepPlan, TuneOptions, plan_tune
from kittiseg.project.store import Workspace
from kittiseg.tuning.reading import read_space
from tests.data.runs import run_in
from tests.data.spaces import LR, sweep_file
from tests.data.training import write_squares

LISTS = {LR: {"choice": [0.1, 0.2]}, "train:/seed": {"integer": [0, 3]}}


def plan(
    workspace: Workspace, folder: Path, *, train: Any = None, gpus: int = 0, space: Any = LISTS, **fields: Any
) -> SweepPlan:
    """``fields`` of the config. Its query is of project ``source``, which is made where it is not there."""
    if not workspace.projects():
        write_squares(workspace, "source")
    run = run_in(workspace, InProcess(gpus=gpus))
    return plan_tune(run, TuneOptions(sweep_file(folder, space, train={"devices": "cpu"} | (train or {}), **fields)))


def test_random_trials_are_known_beforehand(workspace: Workspace, tmp_path: Path):
    """They are those that the sweep will make; nothing is written."""
    write_squares(workspace, "source")
    before = sorted(Path(workspace.files.root).rglob("*"))

    made = plan(workspace, tmp_path, trials=3, seed=7)

    space = read_space(tmp_path / "sweep.json")
    assert list(made.trials) == [space.draw(7, number) for number in range(3)]
    assert (made.count, made.searcher, made.metric, made.parameters) == (3, "random", "loss", tuple(LISTS))
    assert sorted(Path(workspace.files.root).rglob("*")) == before


def test_a_grid_says_how_many_trials_it_has(workspace: Workspace, tmp_path: Path):
    """Without those that constraints forbid."""
    made = plan(workspace, tmp_path, searcher={"name": "grid"}, constraints=[["train:/seed", "<", 3]])

    assert made.count == len(made.trials) == 6


def test_what_optuna_suggests_is_not_known_beforehand(workspace: Workspace, tmp_path: Path):
    """It follows from how the trials before it went."""
    made = plan(workspace, tmp_path, searcher={"name": "optuna"}, trials=5)

    assert (made.count, made.trials) == (5, ())


def test_so_many_trials_run_at_once_as_there_is_room_for(workspace: Workspace, tmp_path: Path):
    """Or as the config says, or as there are."""
    halves = {"train": {"devices": "auto"}, "gpus": 1, "gpus_per_worker": 0.5}
    room = InProcess().resources().cpus

    assert plan(workspace, tmp_path, trials=50).at_once == room
    assert plan(workspace, tmp_path, trials=50, at_once=1).at_once == 1
    assert plan(workspace, tmp_path, trials=1).at_once == 1
    made = plan(workspace, tmp_path, trials=50, **halves)
    assert (made.at_once, made.workers) == (min(2, room), "1 GPU worker")


def test_workers_of_one_trial_do_not_share_a_gpu(workspace: Workspace, tmp_path: Path):
    """NCCL has no two workers of a group on the same one. Those of several trials may."""
    two = {"devices": "auto", "gpu_devices": [0, 1]}

    with pytest.raises(ConfigError, match=r"sweep\.json: gpus_per_worker is 0\.5, but each trial has 2 GPU workers"):
        plan(workspace, tmp_path, train=two, gpus=2, gpus_per_worker=0.5)

    assert plan(workspace, tmp_path, train=two, gpus=2).workers == "2 GPU workers"
    assert plan(workspace, tmp_path, train=two, gpus=1, gpus_per_worker=0.5).workers == "1 GPU worker"


def test_devices_that_are_not_there_are_told_beforehand(workspace: Workspace, tmp_path: Path):
    """As a training tells it, but tune has no --devices."""
    remedy = r'CPUs on 1 node\. "fixed": {"train:/devices": "auto"} in the sweep config'
    with pytest.raises(ResourceError, match=f"gpu_devices asks for the GPUs .*{remedy}"):
        plan(workspace, tmp_path, train={"devices": "exact"})
