from typing import get_args

import pytest

from kittiseg.config import parse, to_json
from kittiseg.training.config import TrainConfig
from kittiseg.training.learning_rate import SCHEDULES, AnySchedule, Constant, Cosine, Poly, Warmed


def test_table_and_union_name_the_same_schedules() -> None:
    """Each under the name that its JSON has."""
    assert set(get_args(AnySchedule)) == set(SCHEDULES.values())
    for name, made in SCHEDULES.items():
        assert to_json(made())["name"] == name
        assert parse(TrainConfig, {"schedule": {"name": name}}, source="t").schedule == made()


@pytest.mark.parametrize(
    ("schedule", "factors"),
    [
        (Constant(), [1, 1, 1, 1, 1]),
        (Cosine(), [1, 0.853553, 0.5, 0.146447, 0]),
        (Cosine(end=0.2), [1, 0.882843, 0.6, 0.317157, 0.2]),
        (Poly(power=2), [1, 0.5625, 0.25, 0.0625, 0]),
        (Poly(power=1, end=0.1), [1, 0.775, 0.55, 0.325, 0.1]),
    ],
)
def test_the_factor_at_each_quarter_of_the_training(schedule: Warmed, factors: list[float]) -> None:
    """In closed form; with a warm-up the same quarters of what is left."""
    warmed = type(schedule)(**{**vars(schedule), "warmup_epochs": 2.0})  # type: ignore[arg-type]

    assert [schedule.factor(quarter * 2.5, 10) for quarter in range(5)] == pytest.approx(factors, abs=1e-6)
    assert [warmed.factor(2 + quarter * 2, 10) for quarter in range(5)] == pytest.approx(factors, abs=1e-6)


@pytest.mark.parametrize("schedule", [Constant(warmup_epochs=0.5), Cosine(warmup_epochs=0.5), Poly(warmup_epochs=0.5)])
def test_a_warm_up_rises_along_a_line(schedule: Warmed) -> None:
    """From a thousandth, so that the first step is not lost."""
    factors = [schedule.factor(epoch, 10) for epoch in (0, 0.125, 0.25, 0.5)]

    assert factors == pytest.approx([0.001, 0.25075, 0.5005, 1])
