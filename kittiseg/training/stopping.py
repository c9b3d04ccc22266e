"""When a training ends, and why."""

import math
from collections.abc import Iterable

from kittiseg.training.batches import BatchPlan
from kittiseg.training.checkpoints import TrainState
from kittiseg.training.config import TrainConfig
from kittiseg.training.run_record import PAUSED


def why_ended(state: TrainState, plan: BatchPlan, config: TrainConfig, *, until: int | None = None) -> str | None:
    """In words, for run.json; None where the training goes on. ``until``: it pauses after so many validations."""
    rule = config.early_stopping
    if rule is not None and waited(state.scores, rule.min_delta) >= rule.patience:
        validations = "1 validation" if rule.patience == 1 else f"{rule.patience} validations"
        return f"early_stopping: no better {config.best_by} in {validations}"
    epochs = "the epoch is done" if config.epochs == 1 else f"all {config.epochs} epochs are done"
    if state.step >= plan.steps:
        return epochs
    return PAUSED if until is not None and state.checkpoint >= until else None


def waited(scores: Iterable[float | None], min_delta: float) -> int:
    """How many scores, higher being better, came after the last that beat the best before it by more than this.

    Validations without a score do not count.
    """
    best, since = -math.inf, 0
    for score in scores:
        if score is not None:
            best, since = (score, 0) if score > best + min_delta else (best, since + 1)
    return since
