"""The workers of one training and what they tell one another: sums, and rank 0's values. One worker tells nobody."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch.distributed as dist
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Group:
    """``torch.distributed``'s default group, which the engine has made when there is more than one worker."""

    rank: int
    world_size: int

    def sum(self, tensor: Tensor) -> Tensor:
        """The sum over all workers, in place."""
        if self.world_size > 1:
            dist.all_reduce(tensor)
        return tensor

    def follow_first(self, tensors: Iterable[Tensor]) -> None:
        """The tensors take the values that they have on rank 0."""
        if self.world_size > 1:
            for tensor in tensors:
                dist.broadcast(tensor, src=0)
