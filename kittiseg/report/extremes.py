"""Which validation pictures a model does worst and best on, and how they are drawn."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kittiseg.project.meta import ProjectMeta
from kittiseg.report.overlay import fit, overlay
from kittiseg.report.page import LARGEST_PICTURE
from kittiseg.report.sections import Example, Extremes
from kittiseg.report.wording import decimal

SHOWN = 4
_MOST_IN_NOTE = 3


@dataclass(frozen=True, slots=True)
class Scored:
    """A validation picture with the IoU of each class of objects that is on it or was predicted."""

    name: str
    iou: Mapping[str, float]

    @property
    def mean_iou(self) -> float:
        return sum(self.iou.values()) / len(self.iou)

    @property
    def note(self) -> str:
        """Such as ``mean IoU 0.512, IoU car 0.400, tree 0.624``; of many classes those with the lowest."""
        lowest = sorted(self.iou.items(), key=lambda entry: entry[1])[:_MOST_IN_NOTE]
        listed = ", ".join(f"{name} {decimal(iou, 3)}" for name, iou in lowest)
        if len(self.iou) == 1:
            return f"IoU {listed}"
        few = len(self.iou) <= _MOST_IN_NOTE
        return (
            f"mean IoU {decimal(self.mean_iou, 3)} of {len(self.iou)} classes, {'IoU' if few else 'lowest:'} {listed}"
        )


@dataclass(frozen=True, slots=True)
class Compared:
    """A validation picture, its truth and what was predicted: class indices, each of a size of its own."""

    image_hwc: np.ndarray
    truth_hw: np.ndarray
    predicted_hw: np.ndarray


def worst_and_best(
    entries: Iterable[Mapping[str, Any]], objects: Collection[str], *, number: int = SHOWN
) -> tuple[list[Scored], list[Scored]]:
    """At most ``number`` pictures with the lowest mean IoU over ``objects``, and as many with the highest.

    ``entries``: ``{"name", "iou": {class: float or None}}`` of each. Those on which no object is or was predicted are
    left out; none stands on both sides. The most extreme come first, equal ones by name.
    """
    known = (
        Scored(entry["name"], {n: iou for n, iou in entry["iou"].items() if n in objects and iou is not None})
        for entry in entries
    )
    ranked = sorted((each for each in known if each.iou), key=lambda each: (each.mean_iou, each.name))
    low = min(number, -(-len(ranked) // 2))
    high = min(number, len(ranked) - low)
    return ranked[:low], ranked[len(ranked) - high :][::-1]


def draw_extremes(
    chosen: tuple[Sequence[Scored], Sequence[Scored]],
    compare: Callable[[str], Compared],
    meta: ProjectMeta,
    classes: Mapping[str, int],
) -> Extremes:
    """Picture, prediction and truth of each, in the colours of ``meta``.

    ``compare`` gives a picture by its name; ``classes``: the index of each class that is to be drawn.
    """
    colors = {index: meta.colors[name] for name, index in classes.items()}
    seen: set[int] = set()

    def example(scored: Scored) -> Example:
        compared = compare(scored.name)
        seen.update(np.unique(compared.truth_hw).tolist(), np.unique(compared.predicted_hw).tolist())
        small_hwc = fit(compared.image_hwc, LARGEST_PICTURE)
        predicted_hwc, truth_hwc = (overlay(small_hwc, hw, colors) for hw in (compared.predicted_hw, compared.truth_hw))
        return Example.of_prediction(
            scored.name, small_hwc, predicted_hwc=predicted_hwc, truth_hwc=truth_hwc, note=scored.note
        )

    worst, best = ([example(scored) for scored in side] for side in chosen)
    legend = {name: meta.colors[name] for name, index in classes.items() if index in seen}
    return Extremes(worst=worst, best=best, colors=legend)
