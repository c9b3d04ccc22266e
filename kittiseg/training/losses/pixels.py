"""Losses that are a mean over pixels: bce_dice (of 2018), ce, focal. A class weight multiplies its pixels' terms."""

from typing import Annotated, Literal

import torch
import torch.nn.functional as F
from annotated_types import Ge
from torch import Tensor

from kittiseg.config import Doc, settings
from kittiseg.training.classes import NEUTRAL
from kittiseg.training.losses.loss import Additive, Totals, counted, precise


@settings
class LossWeights:
    bce: Annotated[float, Ge(0), Doc("weight of binary cross-entropy (two classes only)")] = 1.0
    dice: Annotated[float, Ge(0), Doc("weight of 1 - Dice (two classes only)")] = 1.0

    def __post_init__(self) -> None:
        if self.bce + self.dice == 0:
            raise ValueError("bce and dice are both 0, which leaves no loss; give one of them a weight")


@settings
class BceDice(LossWeights, Additive):
    """(bce * BCE + dice * (1 - Dice)) / (bce + dice) of two classes, p being the softmax of channel 1.

    BCE is the mean over the batch's pixels, Dice that over its pictures of ``(2 sum pt + 1) / (sum p + sum t + 1)``,
    which is in 0..1, and 1 where an empty target is predicted empty (in 2018 it reached 2 there). Neutral pixels are
    masked before the sums, hence get no gradient. Class weights apply to BCE alone.
    """

    name: Literal["bce_dice"] = "bce_dice"

    def sums(self, logits_nchw: Tensor, labels_nhw: Tensor, totals: Totals, weights_c: Tensor | None) -> Tensor:
        logits_nchw = precise(logits_nchw)
        margin_nhw = logits_nchw[:, 1] - logits_nchw[:, 0]
        counts_nhw = counted(labels_nhw).to(logits_nchw.dtype)
        target_nhw = (labels_nhw == 1).to(logits_nchw.dtype)
        weight_nhw = counts_nhw if weights_c is None else counts_nhw * _weights_of(labels_nhw, weights_c)
        bce = F.binary_cross_entropy_with_logits(margin_nhw, target_nhw, weight=weight_nhw, reduction="sum")
        prob_nhw = torch.sigmoid(margin_nhw) * counts_nhw
        overlap_n = (prob_nhw * target_nhw).sum((1, 2))
        dice_n = (2 * overlap_n + 1) / (prob_nhw.sum((1, 2)) + target_nhw.sum((1, 2)) + 1)
        loss = self.bce * bce / max(totals.pixels, 1) + self.dice * (1 - dice_n).sum() / totals.samples
        return loss / (self.bce + self.dice)


@settings
class CrossEntropy(Additive):
    """``mean of -w log p`` over the pixels that are not neutral; p is the softmax of a pixel's own class, w its weight.

    Divided by the number of pixels, not by the sum of their weights, so that a pixel counts the same in any batch.
    """

    name: Literal["ce"] = "ce"

    def sums(self, logits_nchw: Tensor, labels_nhw: Tensor, totals: Totals, weights_c: Tensor | None) -> Tensor:
        nll = F.cross_entropy(
            precise(logits_nchw), labels_nhw.long(), weight=weights_c, ignore_index=NEUTRAL, reduction="sum"
        )
        return nll / max(totals.pixels, 1)


@settings
class Focal(Additive):
    """``mean of -w (1 - p)^gamma log p``: cross-entropy in which pixels that are right already count less.

    Lin et al., "Focal Loss for Dense Object Detection", 2017. Their alpha is what class weights are here.
    """

    name: Literal["focal"] = "focal"
    gamma: Annotated[float, Ge(0), Doc("how much less pixels count that are right already; 0 is cross-entropy")] = 2.0

    def sums(self, logits_nchw: Tensor, labels_nhw: Tensor, totals: Totals, weights_c: Tensor | None) -> Tensor:
        nll_nhw = F.cross_entropy(precise(logits_nchw), labels_nhw.long(), ignore_index=NEUTRAL, reduction="none")
        miss_nhw = (-torch.expm1(-nll_nhw)).clamp(min=1e-6)  # at 0 a gamma below 1 has an infinite slope
        loss_nhw = miss_nhw**self.gamma * nll_nhw
        if weights_c is not None:
            loss_nhw = loss_nhw * _weights_of(labels_nhw, weights_c)
        return loss_nhw.sum() / max(totals.pixels, 1)


def _weights_of(labels_nhw: Tensor, weights_c: Tensor) -> Tensor:
    """Each pixel's class weight; any where it is neutral."""
    return weights_c[labels_nhw.long().clamp(max=len(weights_c) - 1)]
