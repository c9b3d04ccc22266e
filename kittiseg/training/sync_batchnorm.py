"""Batch normalisation by the statistics of all workers' pictures."""

import copy
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn


class SyncedBatchNorm2d(nn.BatchNorm2d):
    """BatchNorm2d whose batch is that of the whole group in a training step, whatever each worker's share of it.

    torch's own SyncBatchNorm is for CUDA alone. Mean and variance come from sums over all workers in float32, by an
    exchange that gradients go through too; parameters, buffers and their names are BatchNorm2d's. Validation, in
    inference mode, asks nobody: workers may have different numbers of its batches, and would wait for ever.
    """

    def forward(self, x_nchw: Tensor) -> Tensor:
        if not self.training or torch.is_inference_mode_enabled():
            return super().forward(x_nchw)
        exact_nchw = x_nchw.float()
        count = exact_nchw.new_full((1,), float(exact_nchw.numel() // exact_nchw.shape[1]))
        sums_c = _SumOverWorkers.apply(torch.cat([exact_nchw.sum((0, 2, 3)), count]))
        total = sums_c[-1].detach()
        mean_c = sums_c[:-1] / total
        centred_nchw = exact_nchw - mean_c[:, None, None]
        variance_c = _SumOverWorkers.apply(centred_nchw.square().sum((0, 2, 3))) / total
        if self.track_running_stats:
            self._follow(mean_c.detach(), variance_c.detach() * total / (total - 1).clamp(min=1))
        scale_c = self.weight * (variance_c + self.eps).rsqrt()
        return (centred_nchw * scale_c[:, None, None] + self.bias[:, None, None]).to(x_nchw.dtype)

    @torch.no_grad()
    def _follow(self, mean_c: Tensor, variance_c: Tensor) -> None:
        weight = self.momentum or 0.0
        for running_c, found_c in ((self.running_mean, mean_c), (self.running_var, variance_c)):
            assert running_c is not None
            running_c.lerp_(found_c, weight)
        assert self.num_batches_tracked is not None
        self.num_batches_tracked += 1


class _SumOverWorkers(torch.autograd.Function):
    """A sum that every worker's loss hangs on: so its gradient is the sum of all workers' too."""

    @staticmethod
    def forward(ctx: Any, part: Tensor) -> Tensor:
        return _summed(part)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return _summed(gradient)


def _summed(part: Tensor) -> Tensor:
    whole = part.clone()
    dist.all_reduce(whole)
    return whole


def synchronise(network: nn.Module) -> None:
    """Has the network's batch normalisations look at all workers' pictures, where there are several."""
    if not dist.is_initialized() or dist.get_world_size() == 1:
        return
    for module in network.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = SyncedBatchNorm2d  # the same parameters and buffers, another forward


def not_synchronised(network: nn.Module) -> nn.Module:
    """A copy with torch's own batch normalisations, which a prediction folds into the convolutions before them."""
    network = copy.deepcopy(network)
    for module in network.modules():
        if isinstance(module, SyncedBatchNorm2d):
            module.__class__ = nn.BatchNorm2d  # type: ignore[assignment]
    return network
