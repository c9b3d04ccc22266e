"""Confusion counts, and the numbers that follow from them. Counts add up; ratios are formed last.

In the formulas, for class i of a matrix m: tp = m[i, i], fn = sum(m[i, :]) - tp, fp = sum(m[:, i]) - tp.
"""

import numpy as np


def confusion_matrix(
    truth_hw: np.ndarray, predicted_hw: np.ndarray, *, classes: int, ignore: int | None = None
) -> np.ndarray:
    """How many pixels of truth i (rows) were predicted as j (columns), as int64 (c, c).

    Both hold class indices below ``classes``. Pixels whose truth is ``ignore`` do not count, whatever is predicted.
    The matrices of several pictures add up to that of all of them.
    """
    if truth_hw.shape != predicted_hw.shape:
        raise ValueError(f"truth is {truth_hw.shape} but prediction {predicted_hw.shape}; both must be of one shape")
    truth, predicted = truth_hw.ravel(), predicted_hw.ravel()
    if ignore is not None:
        counted = truth != ignore
        truth, predicted = truth[counted], predicted[counted]
    for name, values in (("truth", truth), ("prediction", predicted)):
        if values.size and not 0 <= int(values.min()) <= int(values.max()) < classes:
            raise ValueError(f"{name} holds indices {values.min()}..{values.max()}, but there are {classes} classes")
    pairs = truth.astype(np.int64) * classes + predicted
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes).astype(np.int64)


def iou(matrix_cc: np.ndarray) -> np.ndarray:
    """Intersection over union, tp / (tp + fp + fn), as float64 (c,); NaN for a class that is nowhere."""
    return iou_of_counts(*_counts(matrix_cc))


def iou_of_counts(hits: np.ndarray, truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """The same from the numbers of pixels that are right, true, and predicted, of whatever shape."""
    return _ratio(hits, truth + predicted - hits)


def dice(matrix_cc: np.ndarray) -> np.ndarray:
    """The Dice coefficient (F1), 2 tp / (2 tp + fp + fn), as float64 (c,); NaN for a class that is nowhere."""
    hits, truth, predicted = _counts(matrix_cc)
    return _ratio(2 * hits, truth + predicted)


def precision(matrix_cc: np.ndarray) -> np.ndarray:
    """The share of predicted pixels that are right, tp / (tp + fp), as float64 (c,); NaN where none is predicted."""
    hits, _, predicted = _counts(matrix_cc)
    return _ratio(hits, predicted)


def recall(matrix_cc: np.ndarray) -> np.ndarray:
    """The share of true pixels that are found, tp / (tp + fn), as float64 (c,); NaN where there are none."""
    hits, truth, _ = _counts(matrix_cc)
    return _ratio(hits, truth)


def pixel_accuracy(matrix_cc: np.ndarray) -> float:
    """The share of all pixels that are right, sum(tp) / sum(m); NaN for no pixels."""
    return float(_ratio(np.trace(matrix_cc), np.sum(matrix_cc)))


def _counts(matrix_cc: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per class: pixels that are right, pixels of the truth, pixels of the prediction."""
    return np.diagonal(matrix_cc), matrix_cc.sum(axis=1), matrix_cc.sum(axis=0)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """NaN, without a warning, where ``whole`` is 0."""
    nans = np.full(np.shape(part), np.nan)
    return np.divide(part, whole, out=nans, where=np.asarray(whole) != 0)
