import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kittiseg.errors import ConfigError
from kittiseg.tuning.space import Space, may_change
from tests.data.spaces import CROPS, LR, WIDTH, space_of

LEAST, MOST = f"{WIDTH}/min_percent", f"{WIDTH}/max_percent"
PERCENTS = {LEAST: {"uniform": [0, 100]}, MOST: {"integer": [0, 100], "step": 5}}
RATE = {LR: {"loguniform": [1e-4, 1e-2]}}
SEEDS = st.integers(0, 1 << 32)


@pytest.fixture(scope="module")
def crops() -> Space:
    """Learning rate and percentages, of which only some fit together."""
    with tempfile.TemporaryDirectory() as folder:
        return space_of(Path(folder), RATE | PERCENTS, constraints=[[LEAST, "<", 70], [LEAST, "<=", MOST]])


@settings(max_examples=30)
@given(SEEDS, st.integers(0, 10_000))
def test_every_draw_holds_the_constraints_and_lies_in_its_range(crops: Space, seed: int, number: int):
    """And its documents are right by what reads them."""
    drawn = crops.draw(seed, number)

    assert list(drawn) == [LR, LEAST, MOST]
    assert 1e-4 <= drawn[LR] <= 1e-2
    assert 0 <= drawn[LEAST] < 70
    assert drawn[LEAST] <= drawn[MOST] <= 100
    assert crops.put(drawn).problems() == []


@settings(max_examples=10)
@given(SEEDS, st.permutations(range(4)))
def test_a_draw_is_addressed_by_seed_and_number(crops: Space, seed: int, order: list[int]):
    """Whatever was drawn before it, and however many others there are."""
    drawn = {number: crops.draw(seed, number) for number in order}

    assert drawn == {number: crops.draw(seed, number) for number in range(4)}
    assert drawn[0] != drawn[1]


def test_put_changes_only_what_it_names(crops: Space):
    """The files are as they were, but for the metric that the best checkpoint is the best by."""
    made = crops.put({LR: 0.5, LEAST: 10})

    assert made.train == {"lr": 0.5, "best_by": "loss"}
    assert made.put({LEAST: 20}).transform == CROPS


def test_percentages_that_no_query_can_have_are_never_drawn(tmp_path: Path):
    """Also where no constraint says so."""
    space = space_of(tmp_path, PERCENTS)

    assert all(drawn[LEAST] <= drawn[MOST] for drawn in (space.draw(0, number) for number in range(20)))


def test_constraints_may_speak_of_what_does_not_vary(tmp_path: Path):
    """The most that is in the file, and a default that is not."""
    constraints = [[LEAST, "<", MOST], ["train:/epochs", "<=", "train:/batch_size/train"]]
    space = space_of(
        tmp_path, {LEAST: {"choice": [80, 90]}, "train:/epochs": {"choice": [1, 2]}}, constraints=constraints
    )

    assert list(space.grid()) == [{LEAST: 80, "train:/epochs": 1}]


def test_a_grid_is_every_combination_that_is_allowed(tmp_path: Path):
    """The last parameter varies fastest; values that must differ may be of any kind."""
    lists = {"train:/precision": {"choice": ["bf16", "fp32"]}, LEAST: {"integer": [20, 40], "step": 10}}
    space = space_of(tmp_path, lists, constraints=[[LEAST, "!=", 30], ["train:/precision", "!=", "train:/devices"]])

    assert [tuple(point.values()) for point in space.grid()] == [("bf16", 20), ("bf16", 40), ("fp32", 20), ("fp32", 40)]


@settings(max_examples=20)
@given(SEEDS, st.floats(0, 1))
def test_what_is_perturbed_is_allowed_and_the_rest_stays(crops: Space, seed: int, resample: float):
    """Also where a step would leave the range or break a constraint."""
    before = crops.draw(seed, 0)
    made = crops.perturbed(before, [LR, LEAST], np.random.default_rng(seed), resample=resample)

    assert crops.refused(made) is None
    assert made[MOST] == before[MOST]
    assert 1e-4 <= made[LR] <= 1e-2


def test_what_cannot_be_otherwise_stays(tmp_path: Path):
    """Of two values the constraints allow one."""
    space = space_of(tmp_path, {LR: {"choice": [1, 2]}}, constraints=[[LR, "<", 2]])

    assert space.perturbed({LR: 1}, [LR], np.random.default_rng(0), resample=0) == {LR: 1}


@pytest.mark.parametrize(
    ("constraints", "told"),
    [
        (
            [[LR, "<", 1e-5]],
            r"/space: 1000 draws in a row .* \(1000 times train:/lr < 1e-05: does not hold\): perhaps nothing",
        ),
        (
            [[LR, "<", "train:/lrr"], [LR, "<", "train:/seed/x"]],
            r"2 problems\n  /constraints/0: .* nothing at train:/lrr",
        ),
        ([[LR, "<", "train:/devices"]], '/constraints/0: only numbers can be compared by <, not "exact"'),
        ([["train:/compile", "<=", 1]], "not false"),
    ],
)
def test_constraints_that_leave_nothing_or_mean_nothing_are_refused(tmp_path: Path, constraints: Any, told: str):
    """Before the first trial."""
    with pytest.raises(ConfigError, match=told):
        space_of(tmp_path, RATE, constraints=constraints)


def test_a_space_that_can_be_counted_is_known_to_be_empty(tmp_path: Path):
    """And one that is nearly empty not to be: its one combination of 10,000 may not be among the draws."""
    lists = {LR: {"choice": [1, 2]}, "train:/epochs": {"integer": [1, 3]}}
    with pytest.raises(
        ConfigError, match=r"none of the 6 combinations .* \(3 times train:/epochs < 1: .*; 3 times train:/lr <"
    ):
        space_of(tmp_path, lists, constraints=[[LR, "<=", 1], ["train:/epochs", "<", 1]])

    many = {"train:/seed": {"integer": [1, 10_000]}}
    with pytest.raises(ConfigError, match=r"draws in a row .*: too few combinations satisfy them all"):
        space_of(tmp_path, many, constraints=[["train:/seed", "<=", 1]])


def test_what_changes_in_the_middle_of_a_training_leaves_its_weights_and_pictures(tmp_path: Path):
    """All such parameters, or those that are named."""
    space = RATE | {"train:/optimizer/eps": {"choice": [1e-8, 1e-7]}, "train:/width": {"choice": [0.5, 1.0]}} | PERCENTS

    assert space_of(tmp_path, space).changing == ()
    assert space_of(tmp_path, space, scheduler={"name": "pbt"}).changing == (LR, "train:/optimizer/eps")
    assert space_of(tmp_path, space, scheduler={"name": "pbt", "parameters": [LR]}).changing == (LR,)
    assert not may_change("train:/optimizer/name")
    assert not may_change("train:/optimizer")
