"""A network whose weights are the moving average of another's, over the steps of a training."""

from collections.abc import Mapping

from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


class Average:
    """After each step ``decay`` of itself and the rest of the network: of its weights and its running statistics.

    It begins as the network after the first step, and forgets this soon: the decay is ``(1 + n) / (10 + n)`` as long as
    that is less, n being the steps before.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._source, self._decay = network, decay
        self._averaged = AveragedModel(network, use_buffers=True)

    @property
    def network(self) -> nn.Module:
        return self._averaged.module

    def update(self) -> None:
        """To be called after every step."""
        steps = int(self._averaged.n_averaged)  # which lies on the CPU: no device is waited for
        self._averaged.multi_avg_fn = get_ema_multi_avg_fn(min(self._decay, (1 + steps) / (10 + steps)))
        self._averaged.update_parameters(self._source)

    def restore(self, weights: Mapping[str, Tensor], *, steps: int) -> None:
        """The average that had these weights after so many steps."""
        self.network.load_state_dict(weights)
        self._averaged.n_averaged.fill_(steps)
