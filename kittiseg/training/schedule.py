"""When to validate, and which learning rate a step has."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kittiseg.training.batches import BatchPlan
from kittiseg.training.checkpoints import TrainState
from kittiseg.training.config import TrainConfig
from kittiseg.training.learning_rate import Falling, LrDecreasing
from kittiseg.training.scores import score_of


def checkpoint_due(number: int, step: int, plan: BatchPlan, *, val_every: float) -> bool:
    """Whether checkpoint ``number`` (from 1) is due after ``step`` steps.

    It is due at the first batch end at or past ``number * val_every`` epochs, counted in pictures, and after the last.
    """
    return step == plan.steps or plan.seen_after(step) >= plan.pictures_in(number * val_every)


def lr_falls(val_losses: Sequence[float], changed_at: int, rule: LrDecreasing) -> bool:
    """Whether the rate falls now: the best of the last ``patience`` validations is worse than the best of all.

    ``changed_at``: how many validations there had been when it fell last (0: never); more than ``patience`` must have
    passed since.
    """
    waited = len(val_losses) - changed_at
    return waited > rule.patience and min(val_losses[-rule.patience :]) > min(val_losses)


def lr_of(state: TrainState, config: TrainConfig) -> float:
    """The rate of the step that comes next."""
    if config.schedule is None or isinstance(config.schedule, Falling):
        return state.lr
    return config.lr * config.schedule.factor(state.epoch, config.epochs)


def after_validation(state: TrainState, metrics: Mapping[str, Any], config: TrainConfig) -> TrainState:
    """With the ``metrics``, one of which is ``loss``, and a lower rate where it falls with the losses, and does now."""
    loss = metrics["loss"]
    scores = (*state.scores, score_of(metrics, loss, config.best_by))
    state = replace(state, val_losses=(*state.val_losses, loss), scores=scores, metrics=metrics)
    rule = config.lr_decreasing if config.schedule is None else config.schedule
    if not isinstance(rule, LrDecreasing) or not lr_falls(state.val_losses, state.lr_changed_at, rule):
        return state
    return replace(state, lr=state.lr / rule.lr_divisor, lr_changed_at=state.checkpoint)
