import torch

from kittiseg.training.adam import make_adam, moments_of, restore_moments
from kittiseg.training.networks.unetv2 import UNetV2


def network() -> UNetV2:
    torch.manual_seed(0)
    return UNetV2(2, 0.06).to(memory_format=torch.channels_last)


def train(made: UNetV2, adam: torch.optim.Adam, *, steps: int) -> None:
    images_nchw = torch.linspace(-1, 1, 2 * 3 * 32 * 32).reshape(2, 3, 32, 32)
    for _ in range(steps):
        adam.zero_grad()
        made(images_nchw).square().mean().backward()
        adam.step()


def test_adam_goes_on_as_if_it_had_never_stopped() -> None:
    """Four steps in one go and two times two give the same bits, though the tensors lie channels last in memory."""
    whole, first, second = network(), network(), network()
    train(whole, make_adam(whole, 0.01), steps=4)
    adam = make_adam(first, 0.01)
    train(first, adam, steps=2)
    moments, steps = moments_of(first, adam)

    second.load_state_dict(first.state_dict())
    again = make_adam(second, 0.01)
    restore_moments(second, again, moments, steps)
    train(second, again, steps=2)

    assert steps == 2
    assert all(torch.equal(one, other) for one, other in zip(whole.parameters(), second.parameters(), strict=True))
    assert all(moment.is_contiguous() for moment in moments.values())


def test_before_the_first_step_there_is_nothing_to_remember() -> None:
    """No moments and no steps, which restore to a fresh Adam."""
    made = network()
    adam = make_adam(made, 0.01)

    assert moments_of(made, adam) == ({}, 0)
    restore_moments(made, adam, {}, 0)
    assert not adam.state
