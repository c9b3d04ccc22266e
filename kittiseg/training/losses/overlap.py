"""Losses of overlapping areas: dice and tversky, of each picture or of the batch as one."""

from abc import ABC, abstractmethod
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Gt
from torch import Tensor

from kittiseg.config import Doc, settings
from kittiseg.training.losses.loss import Totals, counted, mean_over_classes, one_hot, precise


@settings
class Overlap(ABC):
    """``mean of 1 - score`` over classes, by their weights, and pictures. Neutral pixels are masked before the sums.

    A class that is nowhere and is predicted nowhere scores 1. ``per`` ``batch``: the sums run over all pictures of
    the batch, so that rare classes are not reckoned on pictures without them; a batch of several shards then takes a
    second forward pass, since each shard's gradient hangs on the sums of all.
    """

    name: str
    per: Annotated[Literal["sample", "batch"], Doc("whether each picture has a score, or the batch one")] = "sample"
    background: Annotated[bool, Doc("whether the background is one of the classes")] = False
    smooth: Annotated[float, Gt(0), Doc("added above and below the fraction line")] = 1.0

    @abstractmethod
    def score(self, hit_xc: Tensor, predicted_xc: Tensor, target_xc: Tensor) -> Tensor:
        """From the sums of ``p t``, ``p`` and ``t``."""

    def shape(self, classes: int) -> tuple[int, ...]:
        return (3, classes) if self.per == "batch" else ()

    def sums(self, logits_nchw: Tensor, labels_nhw: Tensor, totals: Totals, weights_c: Tensor | None) -> Tensor:
        areas_xnc = areas(logits_nchw, labels_nhw)
        if self.per == "batch":
            return areas_xnc.sum(1)
        return self._loss(areas_xnc, weights_c).sum() / totals.samples

    def value(self, sums: Tensor, weights_c: Tensor | None) -> Tensor:
        return self._loss(sums, weights_c) if self.per == "batch" else sums

    def _loss(self, areas_xyc: Tensor, weights_c: Tensor | None) -> Tensor:
        first = 0 if self.background else 1
        score_yc = self.score(*areas_xyc[..., first:])
        return mean_over_classes(1 - score_yc, None if weights_c is None else weights_c[first:])


@settings
class Dice(Overlap):
    """``1 - (2 sum pt + s) / (sum p + sum t + s)``; p is the softmax, t 1 on the class's pixels, s ``smooth``.

    Milletari et al., "V-Net", 2016, without squares. Of two classes and per sample it is the Dice of ``bce_dice``.
    """

    name: Literal["dice"] = "dice"

    def score(self, hit_xc: Tensor, predicted_xc: Tensor, target_xc: Tensor) -> Tensor:
        return (2 * hit_xc + self.smooth) / (predicted_xc + target_xc + self.smooth)


@settings
class Tversky(Overlap):
    """``1 - (TP + s) / (TP + alpha FP + beta FN + s)``: with a beta above alpha, misses cost more than false alarms.

    TP is ``sum pt``, FP ``sum p (1 - t)``, FN ``sum (1 - p) t``. Salehi et al., "Tversky loss function for image
    segmentation using 3D fully convolutional deep networks", 2017.
    """

    name: Literal["tversky"] = "tversky"
    alpha: Annotated[float, Ge(0), Doc("cost of false positives")] = 0.3
    beta: Annotated[float, Ge(0), Doc("cost of false negatives")] = 0.7

    def __post_init__(self) -> None:
        if self.alpha + self.beta == 0:
            raise ValueError("alpha and beta are both 0, which leaves no loss; give one of them a cost")

    def score(self, hit_xc: Tensor, predicted_xc: Tensor, target_xc: Tensor) -> Tensor:
        false = self.alpha * (predicted_xc - hit_xc) + self.beta * (target_xc - hit_xc)
        return (hit_xc + self.smooth) / (hit_xc + false + self.smooth)


def areas(logits_nchw: Tensor, labels_nhw: Tensor) -> Tensor:
    """(3, n, c): the sums of ``p t``, ``p`` and ``t`` over each picture's pixels that are not neutral."""
    logits_nchw = precise(logits_nchw)
    probs_nchw = logits_nchw.softmax(1) * counted(labels_nhw)[:, None]
    target_nchw = one_hot(labels_nhw, logits_nchw.shape[1]).to(logits_nchw.dtype)
    return torch.stack([each.sum((2, 3)) for each in (probs_nchw * target_nchw, probs_nchw, target_nchw)])
