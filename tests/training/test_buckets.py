from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from torch import nn

from kittiseg.training.buckets import GradientBuckets
from tests.data.process_group import group_of_one

# That several workers have the sums of their gradients is in test_loop.py: their losses are those of one.


def network() -> nn.Sequential:
    torch.manual_seed(0)
    made = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 1))
    return made.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def gradients_of(bytes_each: int, *, parts: int, frozen: bool = False) -> list[torch.Tensor]:
    """After the backward passes of so many parts."""
    made = network()
    made[0].weight.requires_grad_(not frozen)
    parameters = [each for each in made.parameters() if each.requires_grad]
    buckets = GradientBuckets(parameters, bytes_each=bytes_each)
    for _ in range(2):
        buckets.begin()
        for part in range(parts):
            if part == parts - 1:
                buckets.last_part()
            made(torch.full((1, 3, 5, 5), 1.0 + part)).square().sum().backward()
        buckets.finish()
    found = [parameter.grad.clone() for parameter in parameters]
    assert all(one.grad.stride() == one.stride() for one in parameters)
    buckets.close()
    assert all(parameter.grad is None for parameter in parameters)
    return found


@pytest.mark.parametrize("bytes_each", [1, 200, 10**6])
def test_gradients_are_the_sums_over_the_parts(tmp_path: Path, bytes_each: int) -> None:
    """Of the last step alone, whatever the size of the buckets; laid out as the parameters are."""
    plain = network()
    for part in range(2):
        plain(torch.full((1, 3, 5, 5), 1.0 + part)).square().sum().backward()

    with group_of_one(tmp_path):
        found = gradients_of(bytes_each, parts=2)

    for gradient, parameter in zip(found, plain.parameters(), strict=True):
        torch.testing.assert_close(gradient, parameter.grad)


def test_a_worker_without_parts_adds_nothing(tmp_path: Path) -> None:
    """It takes part with zeros."""
    with group_of_one(tmp_path):
        assert not any(gradient.any() for gradient in gradients_of(200, parts=0))


def test_parameters_that_do_not_learn_are_left_out(tmp_path: Path) -> None:
    with group_of_one(tmp_path):
        assert len(gradients_of(200, parts=1, frozen=True)) == 3


def test_buckets_are_sent_while_the_backward_pass_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last layer's before the first layer's gradient is there, and only in the last part."""
    made, sent = network(), []
    send = dist.all_reduce
    monkeypatch.setattr(dist, "all_reduce", lambda flat, **options: (sent.append(len(flat)), send(flat, **options))[1])
    seen: list[int] = []
    with group_of_one(tmp_path):
        buckets = GradientBuckets(list(made.parameters()), bytes_each=4 * (8 + 2))
        made[0].bias.register_hook(lambda _: seen.append(len(sent)))
        buckets.begin()
        for part in range(2):
            if part == 1:
                buckets.last_part()
            made(torch.ones(1, 3, 5, 5)).square().sum().backward()
        buckets.finish()

    assert seen == [0, 1]
    assert sent == [8 + 2, 4, 3 * 4 * 9]
