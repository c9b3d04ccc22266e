"""When to validate, and when the learning rate falls."""

from collections.abc import Sequence

from kittiseg.training.batches import BatchPlan
from kittiseg.training.config import LrDecreasing


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
