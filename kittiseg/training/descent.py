"""How the gradients of a batch move the weights."""

from collections.abc import Mapping

from torch import Tensor, nn

from kittiseg.training.config import TrainConfig
from kittiseg.training.group import Group
from kittiseg.training.optimizers import memory_of, restore_memory


class Descent:
    """The optimizer of a network, and what is done around its steps. Every worker has one; all make the same steps."""

    def __init__(self, network: nn.Module, config: TrainConfig, group: Group) -> None:
        self._network, self._config, self._group = network, config, group
        self._parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
        self._optimizer = config.optimizer.make(self._parameters, config.lr)

    def begin(self, lr: float) -> None:
        """Before the gradients of a step at a rate are computed: there are none yet."""
        for settings in self._optimizer.param_groups:
            settings["lr"] = lr
        self._optimizer.zero_grad()

    def step(self, sums: Tensor) -> Tensor:
        """One step along the sum of all workers' gradients; gives that of their ``sums``."""
        sums = self._group.sum_gradients(self._parameters, sums)
        self._optimizer.step()
        return sums

    def forget(self) -> None:
        """The optimizer begins anew."""
        self._optimizer = self._config.optimizer.make(self._parameters, self._config.lr)

    def memory(self) -> dict[str, Tensor]:
        """All that :meth:`restore` needs to go on as if nothing had been, by name, on the CPU."""
        return memory_of(self._network, self._optimizer)

    def restore(self, memory: Mapping[str, Tensor]) -> None:
        restore_memory(self._network, self._optimizer, memory)
