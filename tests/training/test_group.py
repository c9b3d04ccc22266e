import torch

from kittiseg.training.group import Group

# Groups of several processes are in test_loop.py: their trainings end like that of one.


def test_a_worker_alone_keeps_what_it_has() -> None:
    """Sums and gradients are its own, and torch.distributed need not be there."""
    group = Group(rank=0, world_size=1)
    parameter = torch.nn.Parameter(torch.ones(2))
    parameter.grad = torch.tensor([1.0, 2.0])
    buffer = torch.tensor([3.0])

    sums = group.sum_gradients([parameter], torch.tensor([4.0]))
    group.follow_first([buffer])

    assert sums.tolist() == [4.0]
    assert parameter.grad.tolist() == [1.0, 2.0]
    assert buffer.tolist() == [3.0]
    assert group.sum(torch.tensor(5)) == 5
