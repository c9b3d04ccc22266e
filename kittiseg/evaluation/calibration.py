"""Whether a network's probabilities can be believed, and the temperature that mends them.

Guo et al., "On Calibration of Modern Neural Networks", 2017 (arXiv 1706.04599).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

BINS = 15
"""Of equal width, as in the paper."""

MOST = 100.0
"""The highest temperature that is looked for; the lowest is one divided by it."""

_STEPS = 100
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Calibration:
    """How well probabilities fit, over some pixels.

    ``nll``: the mean negative log likelihood of the true class. ``counts_b``, ``confidence_b``, ``accuracy_b``: of each
    bin of the likeliest class's probability, (0, 1/15], (1/15, 2/15], ...: its pixels, the mean of that probability,
    and the share of them that are of that class; NaN where there is none.
    """

    nll: float
    counts_b: np.ndarray
    confidence_b: np.ndarray
    accuracy_b: np.ndarray

    @property
    def ece(self) -> float:
        """The expected calibration error: |accuracy - confidence| of the bins, weighted by their pixels (formula 3)."""
        gaps_b = np.abs(self.accuracy_b - self.confidence_b)
        return float(np.nansum(self.counts_b * gaps_b) / self.counts_b.sum())

    def to_json(self) -> dict[str, Any]:
        """``nll``, ``ece``, and ``bins``, each with ``count``, ``confidence`` and ``accuracy``; None stands for NaN."""
        rows = zip(self.counts_b.tolist(), self.confidence_b.tolist(), self.accuracy_b.tolist(), strict=True)
        bins = [
            {"count": count, "confidence": confidence if count else None, "accuracy": accuracy if count else None}
            for count, confidence, accuracy in rows
        ]
        return {"nll": self.nll, "ece": self.ece, "bins": bins}


def calibration(logits_nc: np.ndarray, labels_n: np.ndarray, *, temperature: float = 1.0) -> Calibration:
    """How well the softmax of logits, divided by a temperature, fits the classes that pixels are of. At least one."""
    probs_nc = _softmax(logits_nc / np.float32(temperature))
    confidence_n = probs_nc.max(axis=1)
    right_n = probs_nc.argmax(axis=1) == labels_n
    bins_n = np.clip(np.ceil(confidence_n * BINS).astype(np.int64) - 1, 0, BINS - 1)
    counts_b = np.bincount(bins_n, minlength=BINS)
    with np.errstate(invalid="ignore"):
        confidence_b, accuracy_b = (
            np.bincount(bins_n, weights=values_n, minlength=BINS) / counts_b for values_n in (confidence_n, right_n)
        )
    return Calibration(_nll(logits_nc / np.float32(temperature), labels_n), counts_b, confidence_b, accuracy_b)


def fit_temperature(logits_nc: np.ndarray, labels_n: np.ndarray) -> float:
    """What logits are to be divided by for the lowest negative log likelihood, within 1 / :data:`MOST` .. :data:`MOST`.

    By Newton's method over the inverse, in which it is convex: the slope is the mean of E[z] - z_label under the
    softmax of the scaled logits z, the curvature that of Var[z]. Where a step leaves what the slopes so far allow,
    that is halved instead.
    """
    low, high, factor = 1 / MOST, MOST, 1.0
    true_n = _of(logits_nc, labels_n)
    for _ in range(_STEPS):
        probs_nc = _softmax(logits_nc * np.float32(factor))
        mean_n = np.einsum("nc,nc->n", probs_nc, logits_nc)
        slope = float(np.mean(mean_n - true_n, dtype=np.float64))
        curvature = float(np.mean(np.einsum("nc,nc->n", probs_nc, logits_nc**2) - mean_n**2, dtype=np.float64))
        low, high = (low, factor) if slope > 0 else (factor, high)
        step = factor - slope / curvature if curvature > 0 else 0.0
        after = step if low < step < high else float(np.sqrt(low * high))
        if abs(after - factor) <= _TOLERANCE * factor:
            break
        factor = after
    return 1 / after


def _nll(logits_nc: np.ndarray, labels_n: np.ndarray) -> float:
    highest_n = logits_nc.max(axis=1)
    total_n = np.log(np.exp(logits_nc - highest_n[:, None]).sum(axis=1)) + highest_n
    return float(np.mean(total_n - _of(logits_nc, labels_n), dtype=np.float64))


def _softmax(logits_nc: np.ndarray) -> np.ndarray:
    weights_nc = np.exp(logits_nc - logits_nc.max(axis=1, keepdims=True))
    return weights_nc / weights_nc.sum(axis=1, keepdims=True)


def _of(logits_nc: np.ndarray, labels_n: np.ndarray) -> np.ndarray:
    """Each pixel's logit of the class that it is of."""
    return np.take_along_axis(logits_nc, labels_n[:, None].astype(np.int64), axis=1)[:, 0]
