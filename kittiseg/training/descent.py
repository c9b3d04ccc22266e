"""How the gradients of a batch move the weights."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from kittiseg.training.averaging import Average
from kittiseg.training.buckets import GradientBuckets
from kittiseg.training.checkpoints import Resumable, TrainState
from kittiseg.training.config import TrainConfig
from kittiseg.training.group import Group
from kittiseg.training.networks import encoder_of
from kittiseg.training.optimizers import memory_of, restore_memory

_RAW = "raw."


class Descent:
    """The optimizer of a network, and what is done around its steps. Every worker has one; all make the same steps."""

    def __init__(self, network: nn.Module, config: TrainConfig, group: Group) -> None:
        self._network, self._config, self._group = network, config, group
        self._parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
        self._encoder = encoder_of(network) if config.freeze_encoder else None
        self._average = None if config.ema is None else Average(network, config.ema)
        self._moved: list[nn.Parameter] = []
        self._buckets: GradientBuckets | None = None
        self.forget()

    @property
    def result(self) -> nn.Module:
        """The network that is validated and kept: the average where there is one."""
        return self._network if self._average is None else self._average.network

    def begin(self, state: TrainState) -> None:
        """Before the gradients of a step are computed: those of the last are gone, what is frozen will get none."""
        for settings in self._optimizer.param_groups:
            settings["lr"] = state.lr
        if self._encoder is not None:
            frozen = state.epoch < self._config.freeze_encoder
            self._encoder.train(not frozen)
            inside = set(self._encoder.parameters())
            for parameter in self._parameters:
                parameter.requires_grad_(not (frozen and parameter in inside))
        self._no_gradients()

    def last_part(self) -> None:
        """The backward pass that comes next is this worker's last of the step: its gradients may go to the others."""
        if self._buckets is not None:
            self._buckets.last_part()

    def step(self, sums: Tensor) -> Tensor:
        """One step along the sum of all workers' gradients; gives that of their ``sums``."""
        if self._buckets is not None:
            self._buckets.finish()
        self._group.sum(sums)
        if self._config.clip_gradients is not None:
            nn.utils.clip_grad_norm_(self._moved, self._config.clip_gradients)
        self._optimizer.step()
        if self._average is not None:
            self._average.update()
        return sums

    def forget(self) -> None:
        """The optimizer begins anew."""
        self._optimizer = self._config.optimizer.make(self._parameters, self._config.lr)

    def fill(self) -> None:
        """Has all in memory that steps ever leave there, gradients and moments; no step can be made any more."""
        if self._buckets is not None:
            self._buckets.close()
            self._buckets = None
        for parameter in self._parameters:
            parameter.requires_grad_()
            parameter.grad = torch.zeros_like(parameter)
        self._optimizer.step()

    def weights(self) -> dict[str, Tensor]:
        """Those of :attr:`result`, by name, on the CPU."""
        return _on_cpu(self.result.state_dict())

    def memory(self) -> dict[str, Tensor]:
        """What :meth:`restore` needs beside the weights to go on as if nothing had been, by name, on the CPU."""
        raw = {} if self._average is None else self._network.state_dict()
        return {**memory_of(self._network, self._optimizer), **_on_cpu({_RAW + name: raw[name] for name in raw})}

    def restore(self, found: Resumable) -> None:
        """As it was at a checkpoint, whose weights the network has."""
        if self._average is not None:
            self._average.restore(found.weights, steps=found.checkpoint.state.step)
            raw = {name.removeprefix(_RAW): each for name, each in found.memory.items() if name.startswith(_RAW)}
            self._network.load_state_dict(raw)
        memory = {name: each for name, each in found.memory.items() if not name.startswith(_RAW)}
        restore_memory(self._network, self._optimizer, memory)

    def _no_gradients(self) -> None:
        """Those of the last step are gone; where there are several workers, they lie in buckets, which are empty."""
        moved = [parameter for parameter in self._parameters if parameter.requires_grad]
        if self._group.world_size == 1:
            self._moved = moved
            self._optimizer.zero_grad()
            return
        if self._buckets is None or len(moved) != len(self._moved):
            if self._buckets is not None:
                self._buckets.close()
            self._moved, self._buckets = moved, GradientBuckets(moved)
        self._buckets.begin()


def _on_cpu(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}
