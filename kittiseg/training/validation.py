"""Validation: loss and metrics from sums over all validation pictures, whichever worker saw them."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kittiseg.evaluation.confusion import dice, iou, iou_of_counts, pixel_accuracy
from kittiseg.training.classes import NEUTRAL, ClassIndex
from kittiseg.training.config import TrainConfig
from kittiseg.training.criterion import make_criterion
from kittiseg.training.feed import Feed
from kittiseg.training.group import Group
from kittiseg.training.inputs import Forward
from kittiseg.training.losses import Totals


@dataclass(frozen=True)
class Validation:
    """``metrics``: ``loss``, ``accuracy``, ``iou`` and ``dice`` per class (None: a class is nowhere), ``mean_iou``.

    ``pictures``: the ``name`` of each picture, and its ``iou`` per class.
    """

    metrics: dict[str, Any]
    pictures: list[dict[str, Any]]


@dataclass(frozen=True)
class Validator:
    """Validates a network on the same pictures again and again."""

    feed: Feed
    config: TrainConfig
    classes: ClassIndex
    group: Group
    class_weights: tuple[float, ...] = ()

    def __call__(self, forward: Forward) -> Validation:
        """The loss is that of all pictures as one batch, so the size of the batches does not matter.

        Without ``validate_with_model_eval`` batches are normalised by their own statistics, which leave no trace.
        """
        forward.network.train(not self.config.validate_with_model_eval)
        forward.track_statistics(False)
        try:
            loss, matrix_cc, counts_3nc = self._sums(forward)
        finally:
            forward.track_statistics(True)
            forward.network.train()
        names = self.classes.names
        pictures = [
            {"name": name, "iou": _by_class(names, iou_c)}
            for name, iou_c in zip(self.feed.samples.index.names, iou_of_counts(*counts_3nc), strict=True)
        ]
        return Validation({"loss": loss, **metrics_of(matrix_cc, names)}, pictures)

    def _sums(self, forward: Forward) -> tuple[float, np.ndarray, np.ndarray]:
        """The loss, the confusion counts, and (3, n, c) each picture's pixels that are right, true, and predicted.

        The host waits for the device once, at the end.
        """
        index, classes = self.feed.samples.index, len(self.classes)
        criterion = make_criterion(self.config, classes, self.class_weights, forward.device)
        totals = Totals(samples=len(index), pixels=int(index.pixels_n.sum()))
        sums = criterion.no_sums(dtype=torch.float64, device=forward.device)
        matrix_cc = torch.zeros(classes, classes, dtype=torch.int64, device=forward.device)
        counts_3nc = torch.zeros(3, len(index), classes, dtype=torch.int64, device=forward.device)
        size = self.config.batch_size.val
        starts = range(self.group.rank * size, len(index), self.group.world_size * size)
        spans = [np.arange(start, min(start + size, len(index))) for start in starts]
        with torch.inference_mode():
            for span, samples_nhw4 in zip(spans, self.feed.batches(spans), strict=True):
                logits_nchw, labels_nhw = forward(samples_nhw4)
                sums += criterion.sums(logits_nchw, labels_nhw, totals)
                found_ncc = confusion_of(labels_nhw, logits_nchw.argmax(1), classes=classes)
                matrix_cc += found_ncc.sum(0)
                counts_3nc[:, span[0] : span[-1] + 1] = torch.stack(
                    [found_ncc.diagonal(dim1=1, dim2=2), found_ncc.sum(2), found_ncc.sum(1)]
                )
            loss = float(criterion.value(self.group.sum(sums)))
            matrix_cc, counts_3nc = self.group.sum(matrix_cc), self.group.sum(counts_3nc)
            return loss, matrix_cc.cpu().numpy(), counts_3nc.cpu().numpy()


def confusion_of(labels_nhw: Tensor, predicted_nhw: Tensor, *, classes: int) -> Tensor:
    """Int64 (n, c, c): each picture's pixels by class (row) and predicted class (column), on the device.

    Neutral pixels are left out. Nothing waits for the host, as ``bincount`` would have it.
    """
    cells_nhw = torch.where(labels_nhw == NEUTRAL, classes * classes, labels_nhw.long() * classes + predicted_nhw)
    cells_np = cells_nhw.flatten(1)
    counts_nx = cells_np.new_zeros(len(cells_np), classes * classes + 1)
    counts_nx.scatter_add_(1, cells_np, torch.ones_like(cells_np))
    return counts_nx[:, :-1].unflatten(1, (classes, classes))


def metrics_of(matrix_cc: np.ndarray, names: list[str]) -> dict[str, Any]:
    """The metrics that follow from confusion counts, None standing for 0 / 0."""
    iou_c = iou(matrix_cc)
    known = iou_c[np.isfinite(iou_c)]
    return {
        "accuracy": _number(pixel_accuracy(matrix_cc)),
        "mean_iou": float(known.mean()) if known.size else None,
        "iou": _by_class(names, iou_c),
        "dice": _by_class(names, dice(matrix_cc)),
    }


def _by_class(names: list[str], values_c: np.ndarray) -> dict[str, float | None]:
    return {name: _number(value) for name, value in zip(names, values_c, strict=True)}


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
