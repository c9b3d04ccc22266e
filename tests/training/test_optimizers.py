from typing import Any, get_args

import pytest
import torch
from torch import nn

from kittiseg.config import parse, to_json
from kittiseg.errors import ConfigError, ModelError
from kittiseg.training.config import TrainConfig
from kittiseg.training.networks.unetv2 import UNetV2
from kittiseg.training.optimizers import (
    OPTIMIZERS,
    Adam,
    AdamW,
    AnyOptimizer,
    OptimizerSettings,
    Sgd,
    memory_of,
    restore_memory,
)

KINDS = [Adam(betas=(0.8, 0.9)), AdamW(weight_decay=0.1), Sgd(nesterov=True, weight_decay=0.1), Sgd(momentum=0.0)]


def network() -> UNetV2:
    torch.manual_seed(0)
    return UNetV2(2, 0.06).to(memory_format=torch.channels_last)


def train(made: UNetV2, optimizer: torch.optim.Optimizer, *, steps: int) -> None:
    images_nchw = torch.linspace(-1, 1, 2 * 3 * 32 * 32).reshape(2, 3, 32, 32)
    for _ in range(steps):
        optimizer.zero_grad()
        made(images_nchw).square().mean().backward()
        optimizer.step()


def line(values: list[float]) -> nn.Linear:
    made = nn.Linear(len(values), 1, bias=False)
    made.weight.data = torch.tensor([values])
    return made


def steps_on(made: nn.Linear, optimizer: torch.optim.Optimizer, gradients: list[list[float]]) -> torch.Tensor:
    for gradient in gradients:
        made.weight.grad = torch.tensor([gradient])
        optimizer.step()
    return made.weight.detach()


def test_table_and_union_name_the_same_optimizers() -> None:
    """Each under the name that its JSON has."""
    assert set(get_args(AnyOptimizer)) == set(OPTIMIZERS.values())
    for name, made in OPTIMIZERS.items():
        assert to_json(made())["name"] == name
        assert parse(TrainConfig, {"optimizer": {"name": name}}, source="t").optimizer == made()


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_it_goes_on_as_if_it_had_never_stopped(kind: OptimizerSettings) -> None:
    """Four steps in one go and two times two give the same bits, though the tensors lie channels last in memory."""
    whole, first, second = network(), network(), network()
    train(whole, kind.make(whole.parameters(), 0.01), steps=4)
    before = kind.make(first.parameters(), 0.01)
    train(first, before, steps=2)
    memory = memory_of(first, before)

    second.load_state_dict(first.state_dict())
    again = kind.make(second.parameters(), 0.01)
    restore_memory(second, again, memory)
    train(second, again, steps=2)

    assert all(torch.equal(one, other) for one, other in zip(whole.parameters(), second.parameters(), strict=True))
    assert all(tensor.is_contiguous() for tensor in memory.values())


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_parameters_that_were_frozen_have_made_fewer_steps(kind: OptimizerSettings) -> None:
    """Two steps without the encoder and one with it are its first, also after a stop."""
    made, fresh = network(), network()
    optimizer = kind.make(made.parameters(), 0.01)
    encoder = [parameter for parameter in made.encoder.parameters() if parameter.requires_grad]
    for parameter in encoder:
        parameter.requires_grad_(False)
    train(made, optimizer, steps=2)
    fresh.load_state_dict(made.state_dict())
    for parameter in encoder:
        parameter.requires_grad_(True)
    again = kind.make(made.parameters(), 0.01)
    restore_memory(made, again, memory_of(made, optimizer))

    train(made, again, steps=1)
    train(fresh, kind.make(fresh.parameters(), 0.01), steps=1)

    assert all(map(torch.equal, made.encoder.parameters(), fresh.encoder.parameters()))
    if isinstance(kind, Adam | AdamW):
        memory = memory_of(made, again)
        assert (memory["step.head.bias"], memory["step.encoder.features.0.weight"]) == (3, 1)


def test_before_the_first_step_there_is_nothing_to_remember() -> None:
    """Which restores to a fresh Adam."""
    made = network()
    adam = Adam().make(made.parameters(), 0.01)

    assert memory_of(made, adam) == {}
    restore_memory(made, adam, {})
    assert not adam.state


@pytest.mark.parametrize(
    ("nesterov", "directions"), [(False, [(1.1, 2.2), (2.059, 3.108)]), (True, [(1.65, 3.3), (2.53025, 3.5455)])]
)
def test_sgd_steps_along_its_momentum(nesterov: bool, directions: list[tuple[float, float]]) -> None:
    """By hand: v = v / 2 + g + w / 10, and with nesterov along v / 2 + g + w / 10 of the new v."""
    made = line([1.0, 2.0])
    sgd = Sgd(momentum=0.5, weight_decay=0.1, nesterov=nesterov).make(made.parameters(), 0.1)
    weights = torch.tensor([1.0, 2.0])

    for gradient, direction in zip(([1.0, 2.0], [1.42, 1.83]), directions, strict=True):
        weights = weights - 0.1 * torch.tensor(direction)
        torch.testing.assert_close(steps_on(made, sgd, [gradient])[0], weights)


def test_adamw_decays_the_weights_and_adam_does_not() -> None:
    """A first step of Adam is lr along the sign of the gradient; AdamW takes lr x decay of the weight besides."""
    plain, decayed = line([2.0, -2.0]), line([2.0, -2.0])

    steps_on(plain, Adam().make(plain.parameters(), 0.1), [[3.0, 3.0]])
    steps_on(decayed, AdamW(weight_decay=0.5).make(decayed.parameters(), 0.1), [[3.0, 3.0]])

    torch.testing.assert_close(plain.weight.data, torch.tensor([[1.9, -2.1]]))
    torch.testing.assert_close(decayed.weight.data, torch.tensor([[1.8, -2.0]]))


def test_moments_without_steps_are_refused() -> None:
    """Those of checkpoints before steps were kept for each parameter."""
    made = network()
    old = {"exp_avg.head.bias": torch.zeros(2), "exp_avg_sq.head.bias": torch.zeros(2)}

    with pytest.raises(ModelError, match=r"older version of kittiseg.*continue_training"):
        restore_memory(made, Adam().make(made.parameters(), 0.01), old)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": "adma"}, "/optimizer/name: 'adma' is not known; did you mean 'adam'"),
        ({"name": "adam", "betas": [0.9, 1]}, "/optimizer/betas/1: "),
        ({"name": "adam", "weight_decay": 1}, "/optimizer/weight_decay: unknown key"),
        ({"name": "sgd", "momentum": 0, "nesterov": True}, "/optimizer: nesterov needs a momentum"),
    ],
)
def test_what_an_optimizer_cannot_do_is_refused(settings: dict[str, Any], message: str) -> None:
    """Each with its place."""
    with pytest.raises(ConfigError, match=message):
        parse(TrainConfig, {"optimizer": settings}, source="t")
