"""Trials in this process, whom nobody schedules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kittiseg.engine import Engine
from kittiseg.engine.in_process import InProcess
from kittiseg.engine.search import Origin
from kittiseg.pipeline.trial import RunTrial
from kittiseg.project.store import Workspace
from kittiseg.training.history import read_history
from kittiseg.tuning.trials import Sweep
from tests.data.kills import sessions
from tests.data.runs import TINY_TRAINING
from tests.data.spaces import LR, space_of
from tests.data.training import write_squares


@dataclass
class Context:
    """Remembers checkpoints and scores; after ``lives`` reports the trial ends there."""

    name: str
    parameters: Mapping[str, Any]
    origin: Origin | None = None
    lives: int = 100
    engine: Engine = field(default_factory=InProcess)
    told: list[tuple[int, float]] = field(default_factory=list)

    def report(self, checkpoint: int, score: float, facts: Mapping[str, Any]) -> None:
        self.told.append((checkpoint, score))
        if len(self.told) == self.lives:
            raise SystemExit


@pytest.fixture
def trial(workspace: Workspace, tmp_path: Path) -> RunTrial:
    """Of four validations."""
    write_squares(workspace)
    train = {**TINY_TRAINING, "epochs": 4, "val_every": 1}
    space = space_of(tmp_path, {LR: {"choice": [0.003, 1e-8]}}, train=train, transform=None, project="squares")
    models = Sweep.begin(workspace, "s", space).models
    return RunTrial(workspace=workspace, models=models, sweep="s", space=space, base="squares", seed=0, init=None)


def test_every_validation_is_told_by_its_score(trial: RunTrial):
    """The lower the loss, the higher."""
    trial(context := Context("0000", {LR: 0.003}))

    losses = {record["checkpoint"]: record["loss"] for record in validations(trial, "0000")}
    assert context.told == [(checkpoint, -loss) for checkpoint, loss in losses.items()]
    assert list(losses) == [1, 2, 3, 4]


def test_a_trial_that_begins_again_tells_what_it_knows_before_it_has_workers(trial: RunTrial):
    """A scheduler that is new may want it to end there."""
    trial(first := Context("0000", {LR: 0.003}))

    with pytest.raises(SystemExit):
        trial(again := Context("0000", {LR: 0.003}, lives=2))
    trial(whole := Context("0000", {LR: 0.003}))

    assert again.told == first.told[:2]
    assert whole.told == first.told
    assert sessions(trial.models.model_files("0000")) == 2


def test_a_trial_may_go_on_from_another_s_checkpoint(trial: RunTrial):
    """With its own rate, under its own name; what it learnt itself is forgotten."""
    trial(good := Context("0000", {LR: 0.003}))
    trial(bad := Context("0001", {LR: 1e-8}))

    trial(taken := Context("0001", {LR: 0.002}, origin=Origin("0000", 4)))

    assert taken.told == good.told != bad.told
    record = trial.models.model_files("0001").read_json("run.json")
    assert (record["taken_over"]["model"], record["restored_from"]["checkpoint"]) == ("0000", 4)
    settings = trial.models.model_files("0001").read_json("config.json")["settings"]
    assert settings["lr"] == 0.002


def validations(trial: RunTrial, name: str) -> list[dict[str, Any]]:
    return [record for record in read_history(trial.models.model_files(name)) if record["kind"] == "val"]
