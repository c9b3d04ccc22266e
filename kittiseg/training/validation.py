"""Validation: loss and metrics from sums over all validation pictures, whichever worker saw them."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from kittiseg.evaluation.confusion import confusion_matrix, dice, iou, pixel_accuracy
from kittiseg.training.classes import NEUTRAL, ClassIndex
from kittiseg.training.config import TrainConfig
from kittiseg.training.criterion import make_criterion
from kittiseg.training.group import Group
from kittiseg.training.inputs import Forward
from kittiseg.training.losses import Totals
from kittiseg.training.samples import Samples


@dataclass(frozen=True)
class Validator:
    """Validates a network on the same pictures again and again."""

    samples: Samples
    config: TrainConfig
    classes: ClassIndex
    group: Group
    class_weights: tuple[float, ...] = ()

    def __call__(self, forward: Forward) -> dict[str, Any]:
        """``loss``, ``accuracy``, ``iou`` and ``dice`` per class (None for a class that is nowhere), ``mean_iou``.

        The loss is that of all pictures as one batch, so the size of the batches does not matter. Without
        ``validate_with_model_eval`` batches are normalised by their own statistics, which leave no trace.
        """
        forward.network.train(not self.config.validate_with_model_eval)
        forward.track_statistics(False)
        try:
            loss, matrix_cc = self._sums(forward)
        finally:
            forward.track_statistics(True)
            forward.network.train()
        return {"loss": loss, **metrics_of(matrix_cc, self.classes.names)}

    def _sums(self, forward: Forward) -> tuple[float, np.ndarray]:
        classes = len(self.classes)
        criterion = make_criterion(self.config, classes, self.class_weights, forward.device)
        totals = Totals(samples=len(self.samples), pixels=int(self.samples.pixels_n.sum()))
        sums = criterion.no_sums(dtype=torch.float64, device=forward.device)
        matrix_cc = np.zeros((classes, classes), np.int64)
        size = self.config.batch_size.val
        starts = range(self.group.rank * size, len(self.samples), self.group.world_size * size)
        with torch.inference_mode():
            for start in starts:
                indices = np.arange(start, min(start + size, len(self.samples)))
                logits_nchw, labels_nhw = forward(self.samples, indices)
                sums += criterion.sums(logits_nchw, labels_nhw, totals)
                predicted_nhw = logits_nchw.argmax(1).to(torch.uint8).cpu().numpy()
                matrix_cc += confusion_matrix(
                    self.samples.labels_nhw[indices], predicted_nhw, classes=classes, ignore=NEUTRAL
                )
            counts = self.group.sum(torch.from_numpy(matrix_cc).to(forward.device))
            return float(criterion.value(self.group.sum(sums))), counts.cpu().numpy()


def metrics_of(matrix_cc: np.ndarray, names: list[str]) -> dict[str, Any]:
    """The metrics that follow from confusion counts, None standing for 0 / 0."""
    iou_c, dice_c = iou(matrix_cc), dice(matrix_cc)
    known = iou_c[np.isfinite(iou_c)]
    return {
        "accuracy": _number(pixel_accuracy(matrix_cc)),
        "mean_iou": float(known.mean()) if known.size else None,
        "iou": {name: _number(value) for name, value in zip(names, iou_c, strict=True)},
        "dice": {name: _number(value) for name, value in zip(names, dice_c, strict=True)},
    }


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
