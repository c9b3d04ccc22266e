import math
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from kittiseg.tuning.searchers import Searcher, searcher_of
from kittiseg.tuning.space import Space
from kittiseg.tuning.trials import Trial, trial_id
from tests.data.spaces import LR, WIDTH, space_of

LEAST, MOST = f"{WIDTH}/min_percent", f"{WIDTH}/max_percent"
RATE = {LR: {"loguniform": [1e-5, 1]}}


def asked(searcher: Searcher, count: int) -> list[Any]:
    return [searcher.ask(number) for number in range(count)]


def ended(number: int, parameters: Any, **fields: Any) -> Trial:
    return Trial(id=trial_id(number), parameters=parameters, status="done", **fields)


def search(space: Space, count: int, first: dict[int, Trial] | None = None) -> dict[int, Trial]:
    """So many trials one after another, those of ``first`` having been made before; best at a rate of 0.001."""
    searcher, trials = searcher_of(space), dict(first or {})
    for trial in trials.values():
        searcher.tell(trial)
    for number in range(len(trials), count):
        parameters = searcher.ask(number)
        assert parameters is not None
        trials[number] = ended(number, parameters, metric=abs(math.log10(parameters[LR]) + 3))
        searcher.tell(trials[number])
    return trials


def test_random_trials_are_the_draws_of_the_space(tmp_path: Path):
    """As many as the config says, or eight."""
    space = space_of(tmp_path, RATE, trials=2, seed=5)

    assert asked(searcher_of(space), 3) == [space.draw(5, 0), space.draw(5, 1), None]
    assert asked(searcher_of(space_of(tmp_path, RATE)), 9)[7:] == [space.draw(0, 7), None]


def test_a_grid_ends_by_itself_or_by_the_number_of_trials(tmp_path: Path):
    """Trials can be asked for in any order: a sweep that goes on begins in the middle."""
    grid = {"searcher": {"name": "grid"}}
    lists = {LR: {"choice": [1, 2, 3]}}
    searcher = searcher_of(space_of(tmp_path, lists, **grid))

    assert [searcher.ask(number) for number in (2, 0, 3)] == [{LR: 3}, {LR: 1}, None]
    assert asked(searcher_of(space_of(tmp_path, lists, trials=1, **grid)), 2) == [{LR: 1}, None]


OPTUNA = {"searcher": {"name": "optuna", "startup": 5}, "trials": 20}


def test_suggestions_go_where_trials_were_good(tmp_path: Path):
    """A draw of the five decades lies 1.3 decades from the best rate, in the mean."""
    trials = search(space_of(tmp_path, RATE, **OPTUNA | {"trials": 30}), 30)

    assert fmean(trials[number].metric or 0 for number in range(10, 30)) < 0.9


def test_a_search_that_was_stopped_goes_on_as_if_it_had_not_been(tmp_path: Path):
    """From the trials' files alone."""
    space = space_of(tmp_path, RATE, **OPTUNA)
    whole = search(space, 9)

    assert search(space, 9, first={number: whole[number] for number in range(6)}) == whole


def test_suggestions_hold_constraints_and_come_of_every_kind(tmp_path: Path):
    """A choice may be of lists and objects."""
    kinds = {
        LEAST: {"uniform": [0, 90], "step": 0.3},
        MOST: {"integer": [10, 100], "step": 7},
        "train:/loss": {"choice": [None, {"name": "ce"}]},
        "train:/optimizer/betas": {"choice": [[0.9, 0.99], [0.8, 0.9]]},
    }
    fields = {"metric": "mean_iou", "constraints": [[LEAST, "<", MOST]], "searcher": {"name": "optuna", "startup": 1}}
    space = space_of(tmp_path, kinds, trials=6, **fields)
    searcher = searcher_of(space)

    for number in range(6):
        parameters = searcher.ask(number)
        assert parameters is not None
        assert space.refused(parameters) is None
        assert parameters["train:/loss"] in kinds["train:/loss"]["choice"]
        searcher.tell(ended(number, parameters, metric=None if number == 2 else parameters[MOST]))
    assert searcher.ask(6) is None


@pytest.mark.parametrize("status", ["running", "failed"])
def test_trials_without_a_metric_are_no_obstacle(tmp_path: Path, status: Any):
    """Those that run count as bad, those that failed for nothing."""
    searcher = searcher_of(space_of(tmp_path, RATE, **OPTUNA))
    for number in range(7):
        searcher.tell(Trial(id=trial_id(number), parameters={LR: 0.1}, status=status))

    assert searcher.ask(7) is not None


def test_where_suggestions_are_never_allowed_a_draw_is(tmp_path: Path):
    """One in three hundred, of which the model knows nothing."""
    constraints = [[LEAST, "<=", MOST], [MOST, "<=", LEAST]]
    whole = {"integer": [0, 100]}
    space = space_of(tmp_path, {LEAST: whole, MOST: whole}, constraints=constraints, **OPTUNA)

    parameters = searcher_of(space).ask(0)

    assert parameters is not None
    assert parameters[LEAST] == parameters[MOST]
