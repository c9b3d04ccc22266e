"""Trials in this process, whom nobody schedules."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from kittiseg.engine import Engine
from kittiseg.engine.in_process import InProcess
from kittiseg.pipeline.trial import RunTrial
from kittiseg.project.store import Workspace
from kittiseg.training.history import read_history
from kittiseg.training.run_record import is_paused
from kittiseg.tuning.trials import Sweep
from tests.data.kills import last_weights, sessions
from tests.data.runs import TINY_TRAINING
from tests.data.spaces import LR, space_of
from tests.data.training import write_squares


@dataclass
class Context:
    """Remembers checkpoints and scores; after ``lives`` reports the trial ends there."""

    name: str
    parameters: Mapping[str, Any]
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


def test_a_trial_that_pauses_goes_on_as_if_it_had_not(trial: RunTrial):
    """What it ends with is that of one that never paused, bit for bit; a pause that is behind it is none."""
    trial(whole := Context("0000", {LR: 0.003}))

    for until in (1, 3, 3):
        replace(trial, until=until)(context := Context("0001", {LR: 0.003}))
        assert len(context.told) == until
        assert is_paused(trial.models.model_files("0001"))
    trial(context := Context("0001", {LR: 0.003}))

    assert context.told == whole.told
    one, other = (trial.models.model_files(name) for name in ("0000", "0001"))
    assert last_weights(one) == last_weights(other)
    assert not is_paused(other)


def validations(trial: RunTrial, name: str) -> list[dict[str, Any]]:
    return [record for record in read_history(trial.models.model_files(name)) if record["kind"] == "val"]
