"""Losses. A loss gives what some pictures of a batch contribute; the contributions add up to the loss of the batch.

So the loss and its gradient do not depend on how a batch is split over devices: sums are divided by ``Totals`` of the
whole batch, which are known beforehand from the label maps. Computed in float32, whatever the logits are.
To add one: a function here, and a line in LOSSES.
"""

from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from kittiseg.training.classes import NEUTRAL
from kittiseg.training.config import LossWeights


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a whole batch has: pictures, and pixels that are not neutral."""

    samples: int
    pixels: int


class Loss(Protocol):
    """``labels_nhw``: class indices as uint8, 255 where a pixel is neutral."""

    def __call__(self, logits_nchw: Tensor, labels_nhw: Tensor, totals: Totals, weights: LossWeights) -> Tensor: ...


def bce_dice(logits_nchw: Tensor, labels_nhw: Tensor, totals: Totals, weights: LossWeights) -> Tensor:
    """(bce * BCE + dice * (1 - Dice)) / (bce + dice) of two classes, p being the softmax of channel 1.

    BCE is the mean over the batch's pixels, Dice that over its pictures of ``(2 sum pt + 1) / (sum p + sum t + 1)``,
    which is in 0..1, and 1 where an empty target is predicted empty (in 2018 it reached 2 there). Neutral pixels are
    masked before the sums, hence get no gradient.
    """
    logits_nchw = logits_nchw.float()
    margin_nhw = logits_nchw[:, 1] - logits_nchw[:, 0]
    counts_nhw = (labels_nhw != NEUTRAL).float()
    target_nhw = (labels_nhw == 1).float()
    bce = F.binary_cross_entropy_with_logits(margin_nhw, target_nhw, weight=counts_nhw, reduction="sum")
    prob_nhw = torch.sigmoid(margin_nhw) * counts_nhw
    overlap_n = (prob_nhw * target_nhw).sum((1, 2))
    dice_n = (2 * overlap_n + 1) / (prob_nhw.sum((1, 2)) + target_nhw.sum((1, 2)) + 1)
    loss = weights.bce * bce / max(totals.pixels, 1) + weights.dice * (1 - dice_n).sum() / totals.samples
    return loss / (weights.bce + weights.dice)


def cross_entropy(logits_nchw: Tensor, labels_nhw: Tensor, totals: Totals, weights: LossWeights) -> Tensor:
    """Mean negative log-likelihood over the pixels of the batch that are not neutral. ``weights`` do not apply."""
    nll = F.cross_entropy(logits_nchw.float(), labels_nhw.long(), ignore_index=NEUTRAL, reduction="sum")
    return nll / max(totals.pixels, 1)


LOSSES: dict[str, Loss] = {
    "bce_dice": bce_dice,
    "cross_entropy": cross_entropy,
}


def loss_for(classes: int) -> Loss:
    """Two classes are trained with BCE + Dice, more with cross-entropy."""
    return LOSSES["bce_dice" if classes == 2 else "cross_entropy"]
