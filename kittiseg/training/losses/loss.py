"""What a loss is, and what all of them need."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from kittiseg.training.classes import NEUTRAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a whole batch has: pictures, and pixels that are not neutral."""

    samples: int
    pixels: int


class Loss(Protocol):
    """The loss of a batch as a function of sums over its pictures. Its fields are its settings in the JSON.

    ``labels_nhw``: class indices as uint8, 255 where a pixel is neutral. ``weights_c``: the classes' weights, or None.
    """

    def shape(self, classes: int) -> tuple[int, ...]:
        """That of the sums; ``()`` where they are the loss itself, so that it needs no sums of other pictures."""

    def sums(self, logits_nchw: Tensor, labels_nhw: Tensor, totals: Totals, weights_c: Tensor | None) -> Tensor:
        """What some pictures of a batch contribute; the contributions of all its parts add up to the batch's sums."""

    def value(self, sums: Tensor, weights_c: Tensor | None) -> Tensor:
        """The loss of the batch that has these sums."""


class Additive:
    """A loss whose contributions add up to it."""

    def shape(self, classes: int) -> tuple[int, ...]:
        return ()

    def value(self, sums: Tensor, weights_c: Tensor | None) -> Tensor:
        return sums


def precise(logits_nchw: Tensor) -> Tensor:
    """As float32; what is more precise stays so."""
    return logits_nchw.to(torch.promote_types(logits_nchw.dtype, torch.float32))


def one_hot(labels_nhw: Tensor, classes: int) -> Tensor:
    """Bool (n, c, h, w): which pixels are of which class. Neutral ones are of none."""
    return labels_nhw[:, None] == torch.arange(classes, device=labels_nhw.device)[:, None, None]


def counted(labels_nhw: Tensor) -> Tensor:
    """Bool (n, h, w): the pixels that are not neutral."""
    return labels_nhw != NEUTRAL


def mean_over_classes(values_xc: Tensor, weights_c: Tensor | None) -> Tensor:
    """The mean over the last axis: ``sum w v / sum w``, with equal weights where there are none."""
    if weights_c is None:
        return values_xc.mean(-1)
    return (values_xc * weights_c).sum(-1) / weights_c.sum()
