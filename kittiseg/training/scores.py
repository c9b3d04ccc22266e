"""How good a checkpoint is, by what the config's ``best_by`` names. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from kittiseg.config import did_you_mean

WHOLE = "whole"
"""Under this name a checkpoint's metrics have those of whole pictures."""

FEW_CLASSES = 4
"""So many have a number each in a line about a checkpoint; of more it has the mean."""


def score_of(metrics: Mapping[str, Any], loss: float, best_by: str) -> float | None:
    """The higher the better; None where these metrics have no such value.

    ``best_by``: ``loss`` (scored as its negative), ``mean_iou``, ``iou/<class>``, or the latter two behind ``whole/``.
    """
    if best_by == "loss":
        return -loss
    value: Any = metrics
    for step in _steps(best_by):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def best_of(validations: Sequence[Mapping[str, Any]], best_by: str) -> int:
    """The place of the first of the best of these metrics, each with its ``loss``.

    One without the value is never the best; where none has it, the lowest loss is.
    """
    scores = [score_of(metrics, metrics["loss"], best_by) for metrics in validations]
    known = [score for score in scores if score is not None]
    return scores.index(max(known)) if known else best_of(validations, "loss")


def wrong_best_by(best_by: str, titles: Sequence[str] | None, *, has_whole: bool) -> str:
    """What is wrong with a ``best_by`` for a network of these classes; nothing where it will do.

    ``titles``: None where its classes are not known yet.
    """
    *_, name = steps = _steps(best_by)
    of_whole = steps[0] == WHOLE
    is_class = len(steps) == 2 + of_whole and steps[-2] == "iou"
    if not (best_by == "loss" or is_class or steps[of_whole:] == ["mean_iou"]):
        wanted = ", ".join(["loss", "mean_iou", "iou/<class>", f"{WHOLE}/mean_iou", f"{WHOLE}/iou/<class>"])
        return f"is '{best_by}'; wanted one of {wanted}"
    if is_class and titles is not None and name not in titles:
        return f"is '{best_by}', but '{name}' is no class of the network{did_you_mean(name, titles)}"
    if of_whole and not has_whole:
        return f"is '{best_by}', but no whole pictures are validated on; say which by validate_on"
    return ""


def _steps(best_by: str) -> list[str]:
    """The keys that lead to a value; what a class is called may hold a ``/`` too."""
    name, _, title = best_by.removeprefix(f"{WHOLE}/").partition("/")
    return [*([WHOLE] if best_by.startswith(f"{WHOLE}/") else []), name, *([title] if title else [])]
