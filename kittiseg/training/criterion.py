"""The loss that a config asks for, as the loop and the validation use it."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from kittiseg.training.config import TrainConfig
from kittiseg.training.losses import BceDice, CrossEntropy, Loss, Totals


@dataclass(frozen=True, eq=False)
class Criterion:
    """A loss of so many classes, with their weights on the device."""

    loss: Loss
    classes: int
    weights_c: Tensor | None = None

    @property
    def needs_sums(self) -> bool:
        """Whether the contribution of a shard hangs on the sums of the whole batch."""
        return self.loss.shape(self.classes) != ()

    def no_sums(self, *, dtype: torch.dtype, device: torch.device) -> Tensor:
        """The sums of no picture."""
        return torch.zeros(self.loss.shape(self.classes), dtype=dtype, device=device)

    def sums(self, logits_nchw: Tensor, labels_nhw: Tensor, totals: Totals) -> Tensor:
        """What some pictures add to the sums of their batch."""
        return self.loss.sums(logits_nchw, labels_nhw, totals, self.weights_c)

    def value(self, sums: Tensor) -> Tensor:
        """The loss of a batch with these sums."""
        return self.loss.value(sums, None if self.weights_c is None else self.weights_c.to(sums.dtype))

    def contribution(
        self, logits_nchw: Tensor, labels_nhw: Tensor, totals: Totals, sums: Tensor | None = None
    ) -> Tensor:
        """A shard's part of the batch's loss: parts and their gradients add up to those of the batch.

        ``sums``: those of the batch, where :attr:`needs_sums`; without them the shard is all of the batch. The loss f
        of sums S has the gradient f'(S) dS, and dS is the sum of the shards' own; its value is shared by pictures.
        """
        local = self.sums(logits_nchw, labels_nhw, totals)
        if sums is None:
            return self.value(local)
        whole = self.value(sums + (local - local.detach()))
        return whole - whole.detach() * (1 - len(labels_nhw) / totals.samples)


def loss_for(config: TrainConfig, classes: int) -> Loss:
    """The config's; where it has none, two classes are trained with BCE + Dice, more with cross-entropy."""
    if config.loss is not None:
        return config.loss
    return BceDice(bce=config.loss_weights.bce, dice=config.loss_weights.dice) if classes == 2 else CrossEntropy()


def make_criterion(
    config: TrainConfig, classes: int, class_weights: Sequence[float], device: torch.device
) -> Criterion:
    """The config's loss on a device. Without ``class_weights`` the classes weigh the same."""
    weights_c = torch.tensor(class_weights, dtype=torch.float32, device=device) if class_weights else None
    return Criterion(loss_for(config, classes), classes, weights_c)
