"""Kills of a training at a moment of its life, told from its folder alone: the training knows nothing of them."""

import os
import signal
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Literal, get_args

from kittiseg.project.store import Files, Workspace
from kittiseg.training.history import read_history
from tests.data.runs import TINY_TRAINING, leftovers
from tests.data.training import write_squares

Moment = Literal["step", "validation", "upload"]
MOMENTS: tuple[Moment, ...] = get_args(Moment)
EVERY = 15
"""Steps from one checkpoint to the next. An epoch has 12, so every second checkpoint is in the middle of one."""

KILLABLE = {
    **TINY_TRAINING,
    "batch_size": {"train": 1, "val": 1},
    "gpu_devices": [0, 1],
    "epochs": 5,
    "val_every": EVERY / 12,
    "width": 0.12,  # so that a checkpoint has 6 MB, which take their time to write
}
STEPS = 60
BY_TWO = {**KILLABLE, "devices": "cpu:2", "precision": "bf16"}
"""On two workers of one thread each."""


def write_killable(workspace: Workspace) -> None:
    """24 pictures to train on, which are 12 steps, and 24 to validate on, which take as long."""
    write_squares(workspace, train=24, val=24)


def moment_of(model: Files) -> Moment | None:
    """What the training is at; None before its first checkpoint, and between two of its moments."""
    writing = model.exists("checkpoints/.writing")
    history = read_history(model)
    steps = max((record["step"] for record in history if record["kind"] == "train"), default=0)
    validated = sum(record["kind"] == "val" for record in history)
    written = len(model.folders("checkpoints"))
    if writing and validated == written + 1:
        return "upload"
    if writing or validated != written or not written:
        return None
    due = EVERY * (written + 1)
    return "validation" if steps == due else "step" if due - EVERY < steps < due else None


def kill_during(moment: Moment, model: Files, pids: Sequence[int], *, beside: Sequence[int] = ()) -> None:
    """SIGKILL to the processes at once. They are stopped first, and those ``beside``, so that it is at that moment."""
    everyone = [*pids, *beside]
    while True:
        assert all(map(_lives, everyone)), f"the training ended before its {moment} could be hit"
        if _seems(moment, model):
            _send(signal.SIGSTOP, everyone)
            time.sleep(0.02)  # until what they were writing is written
            hit = moment_of(model) == moment
            if hit:
                _send(signal.SIGKILL, pids)
            _send(signal.SIGCONT, beside if hit else everyone)
            if hit:
                return
        time.sleep(0.002)


def sessions(model: Files) -> int:
    """How often a training of the model has begun."""
    return len(model.read_json("run.json")["sessions"]) if model.exists("run.json") else 0


def wait_until(condition: Callable[[], Any], *, seconds: float = 600) -> None:
    """AssertionError where it does not come true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


def assert_unscathed(workspace: Workspace, name: str, weights: bytes) -> None:
    """The weights are those; the history has every step and validation once, in order; nothing half-written is left."""
    model = workspace.model_files(name)
    assert last_weights(model) == weights
    history = read_history(model)
    assert [record["step"] for record in history if record["kind"] == "train"] == list(range(1, STEPS + 1))
    assert [record["checkpoint"] for record in history if record["kind"] == "val"] == [1, 2, 3, 4]
    assert all(one["step"] <= other["step"] for one, other in pairwise(history))
    assert leftovers(workspace) == model.hidden() == model.hidden("checkpoints") == []


def last_weights(model: Files) -> bytes:
    return model.read(f"checkpoints/{model.folders('checkpoints')[-1]}/model.safetensors")


def _seems(moment: Moment, model: Files) -> bool:
    return model.exists("checkpoints/.writing") if moment == "upload" else moment_of(model) == moment


def _send(number: signal.Signals, pids: Sequence[int]) -> None:
    for pid in pids:
        os.kill(pid, number)


def _lives(pid: int) -> bool:
    with open(f"/proc/{pid}/stat") as stream:
        return stream.read().rsplit(")")[-1].split()[0] != "Z"
