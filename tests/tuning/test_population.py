import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kittiseg.tuning.population import Standing, exchange_after
from kittiseg.tuning.space import Space
from kittiseg.tuning.trials import trial_id
from tests.data.spaces import LR, space_of

SEED = "train:/seed"
SPACE = {LR: {"loguniform": [1e-5, 1e-1]}, SEED: {"integer": [0, 99]}}
SCORES = st.lists(st.none() | st.floats(-1, 1), max_size=12)


def space_with(**scheduler: float) -> Space:
    with tempfile.TemporaryDirectory() as folder:
        return space_of(Path(folder), SPACE, scheduler={"name": "pbt", **scheduler})


def standings_of(scores: Sequence[float | None]) -> list[Standing]:
    """Each trial has a rate, a seed and a checkpoint of its own."""
    return [
        Standing(
            trial=trial_id(number),
            parameters={LR: 0.001 * (number + 1), SEED: number},
            checkpoint=number + 1,
            score=each,
        )
        for number, each in enumerate(scores)
    ]


@settings(max_examples=50)
@given(SCORES, st.sampled_from([0.01, 0.25, 0.5]), st.integers(1, 9))
def test_who_is_bad_takes_over_who_is_good(scores: list[float | None], quantile: float, generation: int):
    """Nobody is both; who gives has a score that nobody who takes is above, and what it gives is its own.

    So do parameters that cannot change in the middle of a training come from there, and the others lie in their ranges.
    """
    standings = {each.trial: each for each in standings_of(scores)}

    taken = exchange_after(generation, list(standings.values()), space_with(quantile=quantile)).taken

    assert len({each.trial for each in taken}) == len(taken) <= len(standings) / 2
    assert not {each.trial for each in taken} & {each.other for each in taken}
    for each in taken:
        bad, good = standings[each.trial], standings[each.other]
        assert good.score is not None
        assert bad.score is None or bad.score <= good.score
        assert (each.checkpoint, each.parameters[SEED]) == (good.checkpoint, good.parameters[SEED])
        assert 1e-5 <= each.parameters[LR] <= 1e-1


@settings(max_examples=30)
@given(SCORES, st.randoms())
def test_an_exchange_does_not_hang_on_the_order_of_trials(scores: list[float | None], random: Random):
    """And is the same whenever it is decided; after another generation the same trials take over by other draws."""
    space, standings = space_with(quantile=0.5, resample=1), standings_of(scores)
    first, other = (exchange_after(generation, standings, space).taken for generation in (1, 2))
    random.shuffle(standings)

    assert exchange_after(1, standings, space).taken == first
    assert [each.trial for each in other] == [each.trial for each in first]
    assert all(one.parameters[LR] != two.parameters[LR] for one, two in zip(first, other, strict=True))


@pytest.mark.parametrize(
    ("scores", "quantile", "takes"),
    [
        ([0.1, 0.2, 0.3, 0.4], 0.25, ["0000"]),
        ([0.4, 0.2, 0.3, 0.1], 0.5, ["0001", "0003"]),
        ([0.1, 0.2], 0.25, ["0000"]),
        ([0.1, 0.2, 0.3], 0.5, ["0000"]),
        ([0.2, 0.2, 0.2], 0.25, ["0002"]),
        ([0.1, None, 0.3, 0.4], 0.25, ["0001"]),
        ([None, 0.2, None, None], 0.5, ["0002", "0003"]),
        ([None, None], 0.5, []),
        ([0.1], 0.5, []),
        ([], 0.5, []),
    ],
)
def test_the_worst_share_takes_over(scores: list[float | None], quantile: float, takes: list[str]):
    """At least one where there are two; without a score is worst, and of equal ones the last."""
    taken = exchange_after(1, standings_of(scores), space_with(quantile=quantile)).taken

    assert sorted(each.trial for each in taken) == takes
