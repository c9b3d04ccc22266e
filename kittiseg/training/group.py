"""The workers of one training and what they tell one another: sums, and rank 0's values. One worker tells nobody."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn


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

    def sum_gradients(self, parameters: Sequence[nn.Parameter], sums: Tensor) -> Tensor:
        """Every gradient becomes its sum over all workers, in one exchange; so do the float32 ``sums`` given back.

        A worker that computed nothing takes part with zeros.
        """
        if self.world_size == 1:
            return sums
        for parameter in parameters:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        flat = torch.cat([sums, *(gradient.reshape(-1) for gradient in gradients)])
        dist.all_reduce(flat)
        parts = flat.split([len(sums), *(gradient.numel() for gradient in gradients)])
        for gradient, part in zip(gradients, parts[1:], strict=True):
            gradient.copy_(part.view(gradient.shape))
        return parts[0].clone()

    def follow_first(self, tensors: Iterable[Tensor]) -> None:
        """The tensors take the values that they have on rank 0."""
        if self.world_size > 1:
            for tensor in tensors:
                dist.broadcast(tensor, src=0)
