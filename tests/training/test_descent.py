from typing import Any

import pytest
import torch
from torch import Tensor

from kittiseg.training.checkpoints import TrainState
from kittiseg.training.descent import Descent
from kittiseg.training.group import Group
from kittiseg.training.networks.unetv2 import UNetV2
from tests.data.training import tiny_config

ALONE = Group(rank=0, world_size=1)
IMAGES_NCHW = torch.linspace(-1, 1, 2 * 3 * 32 * 32).reshape(2, 3, 32, 32)


def network() -> UNetV2:
    torch.manual_seed(0)
    return UNetV2(2, 0.06)


def step(made: UNetV2, descent: Descent, *, epoch: float = 0.0) -> None:
    descent.begin(TrainState(epoch=epoch, lr=1.0))
    made(IMAGES_NCHW).square().sum().backward()
    descent.step(torch.zeros(2))


def copy_of(made: UNetV2) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in made.state_dict().items()}


def moved(before: dict[str, Tensor], made: UNetV2) -> set[str]:
    return {name for name, tensor in made.state_dict().items() if not torch.equal(tensor, before[name])}


def test_gradients_are_clipped_by_their_norm() -> None:
    """A step of SGD at rate 1 is as long as the gradient: exactly the norm asked for, or less if the gradient is."""
    lengths = []
    for most in (0.25, 1e9):
        made = network()
        before = copy_of(made)
        step(made, Descent(made, tiny_config(optimizer={"name": "sgd"}, clip_gradients=most), ALONE))
        names = [name for name, _ in made.named_parameters()]
        lengths.append(torch.cat([(made.state_dict()[name] - before[name]).flatten() for name in names]).norm().item())

    assert lengths[0] == pytest.approx(0.25, rel=1e-3)
    assert 0.25 < lengths[1] < 1e9


def test_a_frozen_encoder_stays_what_it_was() -> None:
    """Weights and running statistics, with weight decay too, until the epochs are done; the rest moves meanwhile."""
    made = network()
    optimizer = {"name": "adamw", "weight_decay": 0.5}
    descent = Descent(made, tiny_config(freeze_encoder=1.5, optimizer=optimizer), ALONE)
    first = copy_of(made)

    step(made, descent, epoch=0.0)
    step(made, descent, epoch=1.4)
    frozen = moved(first, made)
    step(made, descent, epoch=1.5)

    assert "head.weight" in frozen
    assert not any(name.startswith("encoder.") for name in frozen)
    later = moved(first, made)
    assert {"encoder.features.0.weight", "encoder.features.1.running_mean"} <= later
    assert "encoder.features.0.bias" not in later, "which is never trained"


def test_a_frozen_encoder_is_frozen_again_after_a_validation() -> None:
    """Which leaves the whole network in training mode."""
    made = network()
    descent = Descent(made, tiny_config(freeze_encoder=1), ALONE)
    first = copy_of(made)

    step(made, descent)
    made.train()
    step(made, descent)

    assert not any(name.startswith("encoder.") for name in moved(first, made))


@pytest.mark.parametrize(("fields", "averaged"), [({}, False), ({"ema": 0.5}, True)])
def test_the_result_is_the_average_where_there_is_one(fields: dict[str, Any], averaged: bool) -> None:
    """Then what was averaged is remembered beside it."""
    made = network()
    descent = Descent(made, tiny_config(**fields), ALONE)
    for _ in range(2):
        step(made, descent)

    raw = {name for name in descent.memory() if name.startswith("raw.")}

    assert (descent.result is not made) == averaged
    assert torch.equal(descent.weights()["head.weight"], made.head.weight) != averaged
    assert raw == ({f"raw.{name}" for name in made.state_dict()} if averaged else set())
