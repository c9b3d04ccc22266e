import pytest

from kittiseg.training.batches import BatchPlan
from kittiseg.training.checkpoints import TrainState
from kittiseg.training.learning_rate import LrDecreasing
from kittiseg.training.schedule import after_validation, checkpoint_due, lr_falls, lr_of
from tests.data.training import tiny_config


def due_steps(plan: BatchPlan, val_every: float) -> list[int]:
    """The steps after which there is a checkpoint."""
    found: list[int] = []
    for step in range(1, plan.steps + 1):
        if checkpoint_due(len(found) + 1, step, plan, val_every=val_every):
            found.append(step)
    return found


def plan(samples: int, *, epochs: int, batch: int) -> BatchPlan:
    return BatchPlan(sizes=(samples,), epochs=epochs, batch=batch, shards=1, seed=0)


def test_the_tutorial_has_30_checkpoints_and_the_27th_at_epoch_13_5() -> None:
    """2280 pictures in batches of 42: 55 steps an epoch, validated at the 28th, 1176 pictures, and at its end."""
    tutorial = BatchPlan(sizes=(2280,), epochs=15, batch=42, shards=3, seed=0)

    steps = due_steps(tutorial, 0.5)

    assert steps[:3] == [28, 55, 83]
    assert len(steps) == 30
    assert steps[26] == 13 * 55 + 28
    assert steps[-1] == tutorial.steps


@pytest.mark.parametrize("val_every", [0.1, 0.3, 0.7, 1 / 3])
def test_fractions_do_not_drift(val_every: float) -> None:
    """With one picture a step, checkpoint k comes at the first step at or past k * val_every * 100 pictures."""
    steps = due_steps(plan(100, epochs=7, batch=1), val_every)

    expected = [-(-round(k * val_every * 1e9) // 10_000_000) for k in range(1, len(steps) + 1)]
    assert steps == [min(step, 700) for step in expected]


def test_there_is_always_one_at_the_end() -> None:
    """Also where the training is shorter than val_every, or no multiple of it."""
    assert due_steps(plan(10, epochs=1, batch=2), 5) == [5]
    assert due_steps(plan(10, epochs=3, batch=2), 2) == [10, 15]


def test_epochs_count_by_their_own_length() -> None:
    """Half of 8 pictures, half of 4 and half of 6, by twos, each known only when it begins."""
    lengths, found, step = (8, 4, 6), list[int](), 0
    for known in range(1, 4):
        so_far = BatchPlan(sizes=lengths[:known], epochs=3, batch=2, shards=1, seed=0)
        for _ in range(lengths[known - 1] // 2):
            step += 1
            if checkpoint_due(len(found) + 1, step, so_far, val_every=0.5):
                found.append(step)

    assert found == [2, 4, 5, 6, 8, 9]


def test_there_is_at_most_one_a_batch() -> None:
    """Validations that are due more often than there are batches come one by one."""
    assert due_steps(plan(10, epochs=2, batch=5), 0.1) == [1, 2, 3, 4]


def test_the_rate_falls_when_the_last_losses_are_all_worse() -> None:
    """More than ``patience`` validations, the best of the last ``patience`` not the best of all."""
    rule = LrDecreasing(patience=2, lr_divisor=5.0)

    assert lr_falls([1.0, 2.0, 3.0], 0, rule)
    assert not lr_falls([2.0, 3.0], 0, rule)
    assert not lr_falls([2.0, 3.0, 1.0], 0, rule)
    assert not lr_falls([1.0, 2.0, 1.0], 0, rule)


def test_the_rate_does_not_fall_again_at_once() -> None:
    """After a fall, more than ``patience`` further validations must pass."""
    losses, rule = [1.0, 2.0, 3.0, 3.0, 3.0, 3.0], LrDecreasing(patience=2, lr_divisor=5.0)

    assert [count for count in range(4, 7) if lr_falls(losses[:count], 3, rule)] == [6]


def test_the_rate_follows_the_epochs_that_are_done() -> None:
    """A line down from epoch 1, in a training of 5, wherever the rate was before."""
    config = tiny_config(lr=0.1, epochs=5, schedule={"name": "poly", "power": 1, "warmup_epochs": 1})
    states = [TrainState(epoch=epoch, lr=7.0) for epoch in (0, 0.5, 1, 2, 4.5)]

    rates = [lr_of(state, config) for state in states]

    assert rates == pytest.approx([0.0001, 0.05005, 0.1, 0.075, 0.0125])


@pytest.mark.parametrize("schedule", [None, {"name": "lr_decreasing", "patience": 1, "lr_divisor": 10}])
def test_a_rate_that_falls_stays_where_it_fell(schedule: dict[str, object] | None) -> None:
    """By the rule of the schedule, or by the top one where there is none."""
    rule = {"patience": 5, "lr_divisor": 2} if schedule else {"patience": 1, "lr_divisor": 10}
    config = tiny_config(lr=0.1, lr_decreasing=rule, schedule=schedule)

    fallen = after_validation(TrainState(lr=0.1, val_losses=(1.0,)), {"loss": 2.0}, config)

    assert lr_of(fallen, config) == pytest.approx(0.01)
    assert fallen.lr_changed_at == 2
    assert lr_of(after_validation(fallen, {"loss": 3.0}, config), config) == fallen.lr


def test_other_schedules_do_not_look_at_losses() -> None:
    """Also where the losses would have the rate fall."""
    config = tiny_config(lr_decreasing={"patience": 1}, schedule={"name": "constant"})

    assert after_validation(TrainState(lr=0.1, val_losses=(1.0,)), {"loss": 2.0}, config).lr == 0.1


def test_a_validation_leaves_its_loss_and_its_score() -> None:
    """By what best_by names, None where it is not there."""
    state, config = TrainState(), tiny_config(best_by="mean_iou")

    for metrics in ({"loss": 2.0, "mean_iou": 0.5}, {"loss": 1.0, "mean_iou": None}):
        state = after_validation(state, metrics, config)

    assert (state.val_losses, state.scores, state.metrics["loss"]) == ((2.0, 1.0), (0.5, None), 1.0)
    assert state.checkpoint == 2
