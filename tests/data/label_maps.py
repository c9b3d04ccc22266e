"""Random logits and label maps, for the losses."""

import torch
from torch import Tensor

from kittiseg.training.losses import Loss, Totals


def batch(classes: int = 2, *, samples: int = 5, seed: int = 0) -> tuple[Tensor, Tensor, Totals]:
    """Logits and labels of pictures of 4 x 6 px; a fifth of the pixels is neutral, and pictures lack classes."""
    generator = torch.Generator().manual_seed(seed)
    logits_nchw = torch.randn(samples, classes, 4, 6, generator=generator)
    most_n = torch.randint(1, classes + 1, (samples, 1, 1), generator=generator)
    labels_nhw = (torch.randint(0, classes, (samples, 4, 6), generator=generator) % most_n).to(torch.uint8)
    labels_nhw[torch.rand(samples, 4, 6, generator=generator) < 0.2] = 255
    return logits_nchw, labels_nhw, totals_of(labels_nhw)


def totals_of(labels_nhw: Tensor) -> Totals:
    return Totals(samples=len(labels_nhw), pixels=int((labels_nhw != 255).sum()))


def sure(labels_nhw: Tensor, classes: int = 2, *, by: float = 200.0) -> Tensor:
    """Logits that predict the labels with certainty, and class 0 where they are neutral."""
    channels = torch.arange(classes)[:, None, None]
    return (torch.where(labels_nhw == 255, 0, labels_nhw)[:, None] == channels).float() * by - by / 2


def of(loss: Loss, logits_nchw: Tensor, labels_nhw: Tensor, weights_c: Tensor | None = None) -> Tensor:
    """The loss of these pictures as a batch of their own."""
    return loss.value(loss.sums(logits_nchw, labels_nhw, totals_of(labels_nhw), weights_c), weights_c)
