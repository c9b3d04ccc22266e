import pytest
import torch
from torch import nn

from kittiseg.training.averaging import Average


def norm() -> nn.BatchNorm2d:
    return nn.BatchNorm2d(1)


def average_of(network: nn.BatchNorm2d, values: list[float], decay: float) -> list[float]:
    """What a weight that takes these values, step by step, is on average after each."""
    average = Average(network, decay)
    found = []
    for value in values:
        network.weight.data.fill_(value)
        network.running_mean.fill_(value)  # type: ignore[union-attr]
        average.update()
        assert average.network.weight.item() == average.network.running_mean.item()  # type: ignore[union-attr,operator]
        found.append(average.network.weight.item())  # type: ignore[operator,union-attr]
    return found


def test_the_average_begins_with_the_first_step_and_forgets_it_soon() -> None:
    """By hand: 2 / 11, 3 / 12 and 4 / 13 of what it was, though the decay asked for is higher; buffers too."""
    found = average_of(norm(), [1.0, 2.0, 0.0, 0.0], 0.9)

    assert found == pytest.approx([1, 2 - 2 / 11 + 0 / 11, (20 / 11) * 3 / 12, (20 / 11) * 3 / 12 * 4 / 13])


def test_the_decay_is_never_more_than_asked_for() -> None:
    """A tenth stays of each step from the first on, which 2 / 11 would exceed."""
    assert average_of(norm(), [1.0, 0.0, 0.0], 0.1) == pytest.approx([1, 0.1, 0.01])


def test_a_restored_average_goes_on() -> None:
    """With the decay of the steps before."""
    network, again = norm(), norm()
    average = Average(network, 0.9)
    for value in (1.0, 2.0, 4.0):
        network.weight.data.fill_(value)
        average.update()
    restored = Average(again, 0.9)
    restored.restore(average.network.state_dict(), steps=3)

    for each, source in ((average, network), (restored, again)):
        source.weight.data.fill_(9.0)
        each.update()

    assert torch.equal(average.network.weight, restored.network.weight)  # type: ignore[arg-type]
