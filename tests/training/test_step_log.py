import math

import pytest
import torch

from kittiseg.errors import KittisegError
from kittiseg.training.checkpoints import TrainState
from kittiseg.training.step_log import StepLog

CPU = torch.device("cpu")


def state_at(step: int) -> TrainState:
    return TrainState(step=step, epoch=step / 3, lr=0.01, val_losses=(0.5, 0.4))


def test_steps_come_out_in_order_and_once() -> None:
    """With loss, accuracy, rate, memory and learning rate."""
    log = StepLog(CPU)
    log.add(state_at(1), torch.tensor([0.5, 0.75]), ["a", "b"])
    log.add(state_at(2), torch.tensor([0.25, 1.0]), ["c"])

    records = log.take(wait=True)

    assert [(r["kind"], r["step"], r["loss"], r["accuracy"], r["lr"]) for r in records] == [
        ("train", 1, 0.5, 0.75, 0.01),
        ("train", 2, 0.25, 1.0, 0.01),
    ]
    assert records[0]["samples_per_s"] > 0
    assert 10 < records[0]["memory_mb"] < 100_000
    assert log.take(wait=True) == []


def test_ten_steps_fill_it() -> None:
    """So a history is never more than ten steps behind."""
    log = StepLog(CPU)
    for step in range(10):
        assert not log.is_full
        log.add(state_at(step), torch.zeros(2), ["a"])
    assert log.is_full


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_is_told_with_its_step(loss: float) -> None:
    """Step, learning rate, some pictures of that batch, and the last good checkpoint."""
    log = StepLog(CPU)
    log.add(state_at(6), torch.tensor([0.5, 0.75]), ["a"])
    log.add(state_at(7), torch.tensor([loss, 0.75]), [*"bcdefg"])

    with pytest.raises(
        KittisegError,
        match=r"after step 7 \(epoch 2\.33, lr 0\.01\), on the pictures b, c, d, e and 2 more; checkpoint 2 is",
    ):
        log.take(wait=True)
