"""Sweeps of tiny trainings on a real Ray of two CPUs."""

import os
import signal
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from kittiseg.engine import Engine, Resources
from kittiseg.errors import ResourceError
from kittiseg.pipeline import TuneOptions, tune
from kittiseg.project.store import Files, Workspace
from kittiseg.training.checkpoints import list_checkpoints
from kittiseg.training.history import read_history
from kittiseg.tuning.trials import Sweep
from tests.data.commands import start_command, stop_when
from tests.data.kills import sessions, wait_until
from tests.data.programs import RANDOM_CROP, query
from tests.data.query_sources import SQUARES
from tests.data.runs import TINY_TRAINING, json_file, leftovers, processes, run_in, told
from tests.data.searching import OneByOne
from tests.data.spaces import LR
from tests.data.training import write_squares

CROPS = query(SQUARES, ("crop", "$in", "$c", RANDOM_CROP), save="$c")
LEAST = "transform:/1/settings/random_part/width/min_percent"
GRID = {"name": "grid"}


@dataclass(frozen=True)
class Interrupted(OneByOne):
    """By Ctrl-C, when it is asked for ``resources``, or to ``search``."""

    moment: str = ""

    def resources(self) -> Resources:
        if self.moment == "resources":
            raise KeyboardInterrupt
        return super().resources()

    def search(self, *args: Any, **options: Any) -> None:
        raise KeyboardInterrupt


def options(folder: Path, space: dict[str, Any], *, train: Any = None, **fields: Any) -> TuneOptions:
    """Of sweep ``s`` on project ``squares``; ``fields`` of the config, or of the options where they have one."""
    own = {key: fields.pop(key) for key in ("resume", "overwrite") if key in fields}
    json_file(folder, "train", {**TINY_TRAINING, "epochs": 1, "val_every": 0.5, **(train or {})})
    json_file(folder, "crops", CROPS)
    source = {} if "transform" in fields else {"project": "squares"}
    return TuneOptions(
        json_file(folder, "sweep", {"train": "train.json", "space": space, **source, **fields}), "s", **own
    )


def test_a_sweep_stops_what_is_bad_and_makes_a_model_of_the_best(
    workspace: Workspace, tmp_path: Path, ray_engine: Engine
):
    """Trials of two workers, which take all CPUs. Those of the same crops share a project, all validate on the same
    pictures, and the best becomes a model beside the configs that make it again.
    """
    write_squares(workspace, train=70)  # so many that the engine prepares them
    run = run_in(workspace, ray_engine)
    space = {LEAST: {"choice": [20, 80]}, LR: {"choice": [0.003, 1e-8]}}
    halving = {"name": "asha", "reduction_factor": 2}
    train = {"gpu_devices": [0, 1], "devices": "cpu:2", "batch_size": {"train": 4, "val": 1}, "val_every": 0.25}
    wanted = options(tmp_path, space, train=train, transform="crops.json", searcher=GRID, scheduler=halving, trials=3)

    sweep = tune(run, wanted)

    assert "3 trials, 1 at once, each on 2 CPU workers" in told(run).notices
    trials = sweep.trials()
    assert [tuple(trial.parameters.values()) for trial in trials] == [(20, 0.003), (20, 1e-8), (80, 0.003)]
    assert [trial.status for trial in trials[:2]] == ["done", "stopped"]
    assert trials[0].project == trials[1].project != trials[2].project
    assert workspace.projects() == sorted([str(trials[0].project), str(trials[2].project), "squares"])
    assert len({validated_on(sweep.models.model_files(trial.id)) for trial in trials}) == 1
    best = sweep.best()
    assert best is not None
    found = list_checkpoints(workspace.model_files("s")).best
    assert (found.number, found.loss) == (best.checkpoint, best.metric)
    document = sweep.files.read_json("best.json")
    assert (document["trial"], document["model"]) == (best.id, "s")
    assert sweep.files.read_json(document["train"])["lr"] == best.parameters[LR]
    assert leftovers(workspace) == sweep.files.hidden("models") == []
    assert sweep.files.hidden("") == [".locks"]
    assert told(run).bars[-1] == ("tune s", 3, 3)


def validated_on(model: Files) -> tuple[str, ...]:
    """The names of the pictures."""
    return tuple(picture["name"] for picture in list_checkpoints(model).best.files.read_json("pictures.json"))


@pytest.mark.drill
def test_a_sweep_that_is_interrupted_and_one_that_is_killed_goes_on(
    workspace: Workspace, tmp_path: Path, ray_engine: Engine
):
    """By Ctrl-C in the first trial, and in the second. With Optuna, which is told of what is over: that is not done
    again, and what was begun goes on where it was.
    """
    pytest.importorskip("optuna")
    write_squares(workspace)
    optuna = {"name": "optuna", "startup": 1}
    space = {LR: {"loguniform": [1e-4, 1e-2]}}
    wanted = options(tmp_path, space, trials=2, searcher=optuna, train={"epochs": 40, "val_every": 20}, at_once=1)
    models = workspace.files.within("sweeps/s/models")
    words = ["tune", str(wanted.config), "--name", "s"]

    code, err = stop_when(
        start_command(workspace, *words, engine="ray"), signal.SIGINT, lambda: bool(models.folders("0000/checkpoints"))
    )
    assert code == 130
    assert err.endswith("the same command with --resume goes on; trials that are over are kept\ninterrupted\n")
    assert "Traceback" not in err
    stop_when(
        start_command(workspace, *words, "--resume", engine="ray"),
        signal.SIGKILL,
        lambda: bool(models.folders("0001/checkpoints")),
    )
    first = Sweep.open(workspace, "s").trial("0000")
    assert first is not None
    assert first.status == "done"
    sweep = tune(run_in(workspace, ray_engine), replace(wanted, resume=True))

    assert sweep.trial("0000") == first
    assert [trial.status for trial in sweep.trials()] == ["done"] * 2
    assert [sessions(models.within(trial.id)) for trial in sweep.trials()] == [2, 2]
    for trial in ("0000", "0001"):
        assert models.read_json(f"{trial}/run.json")["sessions"][1]["resumed_from"] >= 1
        steps = [record["step"] for record in read_history(models.within(trial)) if record["kind"] == "train"]
        assert steps == list(range(1, 121))
    assert workspace.models() == ["s"]


@pytest.mark.drill
def test_a_killed_trial_goes_on_and_one_that_cannot_be_done_has_failed(
    workspace: Workspace, tmp_path: Path, ray_engine: Engine
):
    """The first is killed as soon as it has a checkpoint; the second's losses are no numbers."""
    write_squares(workspace)
    space = {LR: {"choice": [0.003, 1e30]}}
    models = workspace.files.within("sweeps/s/models")
    killed: list[int] = []

    def kill() -> None:
        wait_until(lambda: models.folders("0000/checkpoints"))
        killed.extend(pid for pid in processes("ImplicitFunc") if _is_at(pid, "0000"))
        for pid in killed:
            os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    run = run_in(workspace, ray_engine)
    sweep = tune(run, options(tmp_path, space, train={"epochs": 40, "val_every": 20}, searcher=GRID))
    killer.join()

    first, second = sweep.trials()
    assert (first.status, first.retries, second.status, second.retries) == ("done", 1, "failed", 0)
    assert "loss" in str(second.error)
    assert [start["resumed_from"] for start in models.read_json("0000/run.json")["sessions"]] == [0, 1]
    assert told(run).warnings == [
        "trial 0000 goes on from its last checkpoint: its process died (killed, or no memory?)"
    ]


def _is_at(pid: int, trial: str) -> bool:
    """Whether a trial's process is at this one: it holds the lock of its model."""
    return any(os.readlink(link).endswith(f"models/{trial}.lock") for link in Path(f"/proc/{pid}/fd").iterdir())


def test_a_sweep_in_one_process_is_refused(workspace: Workspace, tmp_path: Path):
    """The error says what to leave out; no sweep and no project of pictures is left."""
    write_squares(workspace)
    before = sorted(Path(workspace.files.root).rglob("*"))

    with pytest.raises(ResourceError, match="a sweep needs Ray: leave out --engine local"):
        tune(run_in(workspace), options(tmp_path, {LR: {"choice": [0.1]}}, transform="crops.json"))
    assert sorted(Path(workspace.files.root).rglob("*")) == before


@pytest.mark.parametrize("moment", ["resources", "search"])
def test_who_interrupts_before_the_first_trial_is_told_that_nothing_was_begun(
    workspace: Workspace, tmp_path: Path, moment: str
):
    """While Ray starts, or while the sweep's pictures are being made: --resume would find no sweep."""
    write_squares(workspace)
    run = run_in(workspace, Interrupted(moment=moment))

    with pytest.raises(KeyboardInterrupt):
        tune(run, options(tmp_path, {LR: {"choice": [0.1]}}))

    assert told(run).notices[-1].startswith("no trial had begun, ")
    assert told(run).notices[-1].endswith("the same command without --resume begins it anew")
    assert workspace.sweeps() == []
