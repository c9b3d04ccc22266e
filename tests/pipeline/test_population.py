"""Populations of tiny trainings: on a real Ray of two CPUs, and one trial after another in this process."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kittiseg.engine import Engine
from kittiseg.pipeline import Run, TuneOptions, tune
from kittiseg.project.store import Workspace
from kittiseg.tuning.trials import Sweep
from tests.data.kills import last_weights
from tests.data.runs import TINY_TRAINING, json_file, run_in, told
from tests.data.searching import Deadly, Killed, OneByOne
from tests.data.spaces import LR
from tests.data.training import write_squares


def options(folder: Path, rates: list[float], *, epochs: int) -> TuneOptions:
    """Of sweep ``s``, with an exchange after every epoch; a trial for each rate but the last."""
    json_file(folder, "train", {**TINY_TRAINING, "epochs": epochs, "val_every": 1})
    document = {
        "train": "train.json",
        "project": "squares",
        "space": {LR: {"choice": rates}},
        "trials": len(rates) - 1,
        "searcher": {"name": "grid"},
        "scheduler": {"name": "pbt", "every": 1, "quantile": 0.5, "resample": 0},
    }
    return TuneOptions(json_file(folder, "sweep", document), "s")


def outcome(sweep: Sweep) -> list[Any]:
    """Of every trial all that does not hang on the clock, and its weights if it has any."""
    trials = [replace(trial, seconds=None) for trial in sweep.trials()]
    return [(trial, trial.metric and last_weights(sweep.models.model_files(trial.id))) for trial in trials]


def workspace_in(folder: Path) -> Workspace:
    workspace = Workspace.at(folder)
    write_squares(workspace)
    return workspace


def test_a_hopeless_trial_goes_on_from_a_good_one(tmp_path: Path, ray_engine: Engine):
    """Under its own name, with a rate near the other's; two at once become what they become one by one."""
    wanted = options(tmp_path, [1e-8, 0.003, 0.004], epochs=2)
    run = run_in(workspace_in(tmp_path / "two"), ray_engine)

    sweep = tune(run, wanted)

    assert "2 trials, 2 at once, each on 1 CPU worker" in told(run).notices
    assert "generation 1: trial 0000 goes on from checkpoint 1 of trial 0001" in told(run).notices
    hopeless, good = sweep.trials()
    assert hopeless.origin == {"trial": "0001", "checkpoint": 1, "generation": 1}
    assert good.origin is None
    assert [trial.status for trial in (hopeless, good)] == ["done", "done"]
    assert hopeless.curve[0] == good.curve[0]
    assert hopeless.curve[1] != good.curve[1]
    assert sweep.files.hidden("") == [".locks"]
    assert outcome(sweep) == outcome(tune(run_in(workspace_in(tmp_path / "one"), OneByOne()), wanted))


def test_a_population_that_is_killed_again_and_again_becomes_what_it_would_have_become(tmp_path: Path):
    """In a generation, after it, between two take-overs; a trial that failed is not of the population any more."""
    wanted = options(tmp_path, [1e30, 1e-8, 1e-7, 0.003, 0.004, 0.005], epochs=3)
    run = run_in(workspace_in(tmp_path / "left alone"), OneByOne())
    whole = tune(run, wanted)
    exchanges = [notice for notice in told(run).notices if notice.startswith("generation")]
    assert [notice.split(":")[0] for notice in exchanges] == ["generation 1"] * 2 + ["generation 2"] * 2
    assert [trial.status for trial in whole.trials()] == ["failed", "done", "done", "done", "done"]
    assert not any("0000" in notice for notice in exchanges)

    killed = workspace_in(tmp_path / "killed")

    def is_killed(*, after: int = 99, word: str = "", resume: bool = True) -> None:
        engine, progress = OneByOne(lives=iter(range(after - 1))), Deadly(word=word)
        with pytest.raises(Killed):
            tune(Run(killed, lambda: engine, 0, progress), replace(wanted, resume=resume))

    is_killed(after=3, resume=False)
    is_killed(after=2)
    assert Sweep.open(killed, "s").exchange().generation == 0
    is_killed(word=exchanges[1])
    is_killed(after=1)
    assert Sweep.open(killed, "s").exchange().generation == 1
    is_killed(word=exchanges[2])

    assert outcome(tune(run_in(killed, OneByOne()), replace(wanted, resume=True))) == outcome(whole)
