import pytest

from kittiseg.training.batches import BatchPlan
from kittiseg.training.checkpoints import TrainState
from kittiseg.training.run_record import PAUSED
from kittiseg.training.stopping import waited, why_ended
from tests.data.training import tiny_config

PLAN = BatchPlan(sizes=(4,), epochs=2, batch=2, shards=1, seed=0)


@pytest.mark.parametrize(
    ("scores", "min_delta", "since"),
    [
        ([], 0, 0),
        ([0.5], 0, 0),
        ([0.5, 0.5, 0.4], 0, 2),
        ([0.5, 0.4, 0.6], 0, 0),
        ([0.5, 0.55, 0.65], 0.1, 0),
        ([0.5, 0.55, 0.6], 0.2, 2),
        ([-3.0, None, -3.0, None, -2.0, None], 0, 0),
        ([None, None], 0, 0),
    ],
)
def test_better_is_more_than_the_best_before(scores: list[float | None], min_delta: float, since: int) -> None:
    """By more than min_delta, which small steps may add up to; validations without a score are left out."""
    assert waited(scores, min_delta) == since


def test_a_training_ends_when_its_steps_are_done_or_scores_stop() -> None:
    """And says which of both."""
    config = tiny_config(epochs=2, best_by="mean_iou", early_stopping={"patience": 2})
    stuck = (0.5, 0.4, 0.5)

    assert why_ended(TrainState(step=3, scores=(0.5, 0.4)), PLAN, config) is None
    assert why_ended(TrainState(step=4, scores=(0.5, 0.4)), PLAN, config) == "all 2 epochs are done"
    assert why_ended(TrainState(step=3, scores=stuck), PLAN, config) == (
        "early_stopping: no better mean_iou in 2 validations"
    )
    assert why_ended(TrainState(step=3, scores=stuck), PLAN, tiny_config(epochs=2)) is None


def test_a_training_pauses_after_so_many_validations() -> None:
    """Which is not its end; where both come together it is the end."""
    config, losses = tiny_config(epochs=2), (0.5, 0.4)

    assert why_ended(TrainState(step=3, val_losses=losses), PLAN, config, until=3) is None
    assert why_ended(TrainState(step=3, val_losses=losses), PLAN, config, until=2) == PAUSED
    assert why_ended(TrainState(step=4, val_losses=losses), PLAN, config, until=2) == "all 2 epochs are done"
