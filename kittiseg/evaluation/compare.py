"""Predictions held against truth, picture by picture: counts first, ratios from their sums."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kittiseg.errors import DataError
from kittiseg.evaluation.classes import IGNORED, ComparedClasses
from kittiseg.evaluation.confusion import confusion_matrix, dice, iou, pixel_accuracy, precision, recall
from kittiseg.project.annotation import Annotation
from kittiseg.project.item import ItemKey
from kittiseg.project.store import Project

SCORES = {"iou": iou, "dice": dice, "precision": precision, "recall": recall}


@dataclass(frozen=True, slots=True)
class PicturePair:
    """One picture in both projects."""

    predicted: ItemKey
    truth: ItemKey

    @property
    def same_place(self) -> bool:
        """Whether data set and name agree too; False: only the names without extension do."""
        return (self.predicted.dataset, self.predicted.name) == (self.truth.dataset, self.truth.name)


@dataclass(frozen=True, slots=True)
class PictureCounts:
    """The confusion matrix of one picture: background and then the compared classes, rows truth, columns prediction."""

    key: ItemKey
    matrix_cc: np.ndarray


@dataclass(frozen=True)
class CompareProjects:
    """One pair -> its counts; reads two annotations and no picture. Can be pickled, for ``Engine.map``."""

    predicted: Project
    truth: Project
    classes: ComparedClasses

    def __call__(self, pair: PicturePair) -> PictureCounts:
        predicted, truth = self.predicted.annotation(pair.predicted), self.truth.annotation(pair.truth)
        try:
            return PictureCounts(pair.predicted, compare_annotations(predicted, truth, self.classes))
        except ValueError as error:
            raise DataError(f"{pair.predicted} and {pair.truth}: {error}; are they one picture?") from None


def compare_annotations(predicted: Annotation, truth: Annotation, classes: ComparedClasses) -> np.ndarray:
    """The confusion matrix (c, c), background first. ValueError where the sizes differ."""
    if predicted.image != truth.image:
        raise ValueError(f"the prediction is {predicted.image} px, the truth {truth.image}")
    return confusion_matrix(
        truth.to_label_map(classes.truth),
        predicted.to_label_map(classes.predicted),
        classes=len(classes.names) + 1,
        ignore=IGNORED,
    )


def match_pictures(predicted: Sequence[ItemKey], truth: Sequence[ItemKey]) -> list[PicturePair]:
    """Each predicted picture with its truth: by data set and name, else by the name without extension in any data set.

    DataError names the pictures that have no truth, or several. Truth without a prediction is left out.
    """
    places = {(key.dataset, key.name): key for key in truth}
    stems: dict[str, list[ItemKey]] = {}
    for key in truth:
        stems.setdefault(key.stem, []).append(key)
    pairs: list[PicturePair] = []
    lonely: list[str] = []
    unclear: list[str] = []
    for key in predicted:
        place = places.get((key.dataset, key.name))
        found = [place] if place else stems.get(key.stem, [])
        if len(found) == 1:
            pairs.append(PicturePair(key, found[0]))
        else:
            (unclear if found else lonely).append(str(key))
    problems = [f"no truth for {_list(lonely)}"] if lonely else []
    problems += [f"truth in several data sets for {_list(unclear)}"] if unclear else []
    if problems:
        raise DataError("; ".join(problems) + ". Pictures are matched by data set and name, else by name alone")
    if not pairs:
        raise DataError("there are no predicted pictures to evaluate")
    return pairs


@dataclass(frozen=True)
class Evaluation:
    """The counts of all pictures. Scores come from their sums, so large pictures weigh as much as they have pixels."""

    names: tuple[str, ...]
    pictures: tuple[PictureCounts, ...]

    @classmethod
    def of(cls, classes: ComparedClasses, pictures: Iterable[PictureCounts]) -> "Evaluation":
        return cls(classes.names, tuple(pictures))

    @property
    def matrix_cc(self) -> np.ndarray:
        """Background first, then ``names``; rows truth, columns prediction."""
        size = len(self.names) + 1
        return sum((picture.matrix_cc for picture in self.pictures), np.zeros((size, size), np.int64))

    @property
    def mean_iou(self) -> float:
        return mean_iou(self.matrix_cc)

    def scores(self, matrix_cc: np.ndarray) -> dict[str, dict[str, float]]:
        """Class -> {iou, dice, precision, recall} of a confusion matrix; NaN where a score has nothing to divide by."""
        columns = {score: formula(matrix_cc)[1:] for score, formula in SCORES.items()}
        return {name: {score: float(columns[score][i]) for score in SCORES} for i, name in enumerate(self.names)}

    def to_json(self) -> dict[str, Any]:
        """``{images, classes: {name: {iou, dice, precision, recall}}, mean_iou, pixel_accuracy, pictures}``.

        ``pictures`` has for each its data set, name and classes as above. NaN is written as None, which JSON knows.
        """
        document = {
            "images": len(self.pictures),
            "classes": self.scores(self.matrix_cc),
            "mean_iou": self.mean_iou,
            "pixel_accuracy": pixel_accuracy(self.matrix_cc),
            "pictures": [
                {"dataset": picture.key.dataset, "name": picture.key.name, "classes": self.scores(picture.matrix_cc)}
                for picture in self.pictures
            ],
        }
        return without_nan(document)


def mean_iou(matrix_cc: np.ndarray) -> float:
    """The mean IoU, the background (index 0) and classes that occur nowhere left out; NaN for none."""
    present = [value for value in iou(matrix_cc)[1:] if not np.isnan(value)]
    return float(np.mean(present)) if present else float("nan")


def without_nan(value: Any) -> Any:
    """A JSON document with None for each NaN."""
    if isinstance(value, dict):
        return {key: without_nan(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [without_nan(entry) for entry in value]
    return None if isinstance(value, float) and np.isnan(value) else value


def _list(names: list[str], most: int = 10) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
