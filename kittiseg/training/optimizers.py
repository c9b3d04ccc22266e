"""The optimizers that a config can name, each a settings class, and what they remember, by parameter name.

To add one: a class, a line in OPTIMIZERS, a name in AnyOptimizer.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, Protocol

import torch
from annotated_types import Ge, Gt, Lt
from torch import Tensor, nn

from kittiseg.config import Doc, settings
from kittiseg.errors import ModelError

Share = Annotated[float, Ge(0), Lt(1)]


class OptimizerSettings(Protocol):
    """What a config says of an optimizer. Its fields are its settings in the JSON."""

    def make(self, parameters: Iterable[nn.Parameter], lr: float) -> torch.optim.Optimizer: ...


@settings
class _Moments:
    name: str
    betas: Annotated[tuple[Share, Share], Doc("decay of the means of gradients and of their squares")] = (0.9, 0.999)
    eps: Annotated[float, Gt(0), Doc("added to the root of the mean square")] = 1e-8


@settings
class Adam(_Moments):
    """Kingma & Ba, "Adam: A Method for Stochastic Optimization", 2015."""

    name: Literal["adam"] = "adam"

    def make(self, parameters: Iterable[nn.Parameter], lr: float) -> torch.optim.Optimizer:
        return torch.optim.Adam(parameters, lr=lr, betas=self.betas, eps=self.eps, fused=True)


@settings
class AdamW(_Moments):
    """Adam with weights that decay by ``lr * weight_decay`` a step, all of them.

    Loshchilov & Hutter, "Decoupled Weight Decay Regularization", 2019.
    """

    name: Literal["adamw"] = "adamw"
    weight_decay: Annotated[float, Ge(0), Doc("times lr: what weights lose a step")] = 0.01

    def make(self, parameters: Iterable[nn.Parameter], lr: float) -> torch.optim.Optimizer:
        decay = self.weight_decay
        return torch.optim.AdamW(parameters, lr=lr, betas=self.betas, eps=self.eps, weight_decay=decay, fused=True)


@settings
class Sgd:
    """``v = momentum v + g + weight_decay w; w = w - lr v``; with ``nesterov`` the step looks one momentum ahead."""

    name: Literal["sgd"] = "sgd"
    momentum: Annotated[Share, Doc("share of the last step's direction that is kept")] = 0.9
    nesterov: Annotated[bool, Doc("step by the direction that the momentum will have")] = False
    weight_decay: Annotated[float, Ge(0), Doc("times the weight: added to its gradient")] = 0.0

    def __post_init__(self) -> None:
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov needs a momentum above 0")

    def make(self, parameters: Iterable[nn.Parameter], lr: float) -> torch.optim.Optimizer:
        listed = list(parameters)
        made = torch.optim.SGD(
            listed,
            lr=lr,
            momentum=self.momentum,
            nesterov=self.nesterov,
            weight_decay=self.weight_decay,
            fused=True,
        )
        if self.momentum:  # the fused step cannot mix parameters with and without one, as after some were frozen
            for parameter in listed:
                made.state[parameter] = {"momentum_buffer": torch.zeros_like(parameter)}
        return made


OPTIMIZERS: dict[str, type[OptimizerSettings]] = {
    "adam": Adam,
    "adamw": AdamW,
    "sgd": Sgd,
}

AnyOptimizer = Adam | AdamW | Sgd


def memory_of(network: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """``<kind>.<name>`` on the CPU: all that it remembers of each parameter, such as ``step.head.bias``."""
    return {
        f"{kind}.{name}": tensor.cpu().contiguous()
        for name, parameter in network.named_parameters()
        for kind, tensor in optimizer.state.get(parameter, {}).items()
    }


def restore_memory(network: nn.Module, optimizer: torch.optim.Optimizer, memory: Mapping[str, Tensor]) -> None:
    """The reverse of :func:`memory_of`. ModelError where Adam's moments come without steps, as those of old did.

    The fused step needs tensors laid out in memory as their parameter is.
    """
    by_name: dict[str, dict[str, Tensor]] = {}
    for key, tensor in memory.items():
        kind, _, name = key.partition(".")
        by_name.setdefault(name, {})[kind] = tensor
    for name, parameter in network.named_parameters():
        known = by_name.get(name, {})
        if "exp_avg" in known and "step" not in known:
            raise ModelError(
                "the checkpoint was written by an older version of kittiseg, and does not say how many steps Adam has "
                'made; train a new model from it by "weights_init_type": "continue_training" and --init'
            )
        if known:
            optimizer.state[parameter] = {kind: _as_beside(parameter, tensor) for kind, tensor in known.items()}


def _as_beside(parameter: nn.Parameter, tensor: Tensor) -> Tensor:
    if tensor.shape != parameter.shape:
        return tensor.to(parameter.device)
    return torch.empty_like(parameter, requires_grad=False).copy_(tensor)
