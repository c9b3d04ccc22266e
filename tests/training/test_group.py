import torch

from kittiseg.training.group import Group

# Groups of several processes are in test_loop.py: their trainings end like that of one.


def test_a_worker_alone_keeps_what_it_has() -> None:
    """Sums are its own, and torch.distributed need not be there."""
    group = Group(rank=0, world_size=1)
    buffer = torch.tensor([3.0])

    group.follow_first([buffer])

    assert buffer.tolist() == [3.0]
    assert group.sum(torch.tensor(5)) == 5
