"""A network whose weights are the moving average of another's, over the steps of a training."""

import copy
from collections.abc import Mapping

from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn


class Average:
    """After each step ``decay`` of itself and the rest of the network: of its weights and its running statistics.

    It begins as the network after the first step, and forgets this soon: the decay is ``(1 + n) / (10 + n)`` as long as
    that is less, n being the steps before.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._decay, self._steps = decay, 0
        self.network = copy.deepcopy(network)
        pairs = list(zip(self.network.state_dict().values(), network.state_dict().values(), strict=True))
        self._averaged = [pair for pair in pairs if pair[0].is_floating_point()]
        self._copied = [pair for pair in pairs if not pair[0].is_floating_point()]  # counts of batches

    def update(self) -> None:
        """To be called after every step."""
        decay = min(self._decay, (1 + self._steps) / (10 + self._steps)) if self._steps else 0.0
        own, source = map(list, zip(*self._averaged, strict=True))
        get_ema_multi_avg_fn(decay)(own, source, self._steps)  # AveragedModel would wait for the device
        for mine, theirs in self._copied:
            mine.copy_(theirs)
        self._steps += 1

    def restore(self, weights: Mapping[str, Tensor], *, steps: int) -> None:
        """The average that had these weights after so many steps."""
        self.network.load_state_dict(weights)
        self._steps = steps
