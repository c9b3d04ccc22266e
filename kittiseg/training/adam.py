"""Adam, and what it remembers, by parameter name."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

_MOMENTS = ("exp_avg", "exp_avg_sq")


def make_adam(network: nn.Module, lr: float) -> torch.optim.Adam:
    return torch.optim.Adam(network.parameters(), lr=lr, fused=True)


def moments_of(network: nn.Module, adam: torch.optim.Adam) -> tuple[dict[str, Tensor], int]:
    """``exp_avg.<name>`` and ``exp_avg_sq.<name>`` on the CPU, and the steps made; nothing and 0 before the first."""
    moments: dict[str, Tensor] = {}
    steps = 0
    for name, parameter in network.named_parameters():
        known = adam.state.get(parameter)
        if known:
            steps = int(known["step"])
            moments |= {f"{kind}.{name}": known[kind].cpu().contiguous() for kind in _MOMENTS}
    return moments, steps


def restore_moments(network: nn.Module, adam: torch.optim.Adam, moments: Mapping[str, Tensor], steps: int) -> None:
    """The reverse of :func:`moments_of`. The fused step needs moments laid out in memory as their parameter is."""
    if steps == 0:
        return
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        adam.state[parameter] = {
            "step": torch.tensor(float(steps), dtype=torch.float32, device=parameter.device),
            **{kind: torch.empty_like(parameter).copy_(moments[f"{kind}.{name}"]) for kind in _MOMENTS},
        }
