"""How the parameters of the next trial are chosen: at random, from a grid, or where earlier trials were good."""

import warnings
from typing import Any, Protocol

from kittiseg.dtl.layer import rng_for
from kittiseg.tuning.config import TRIALS, GridSearch, OptunaSearch
from kittiseg.tuning.dimensions import Dimension
from kittiseg.tuning.space import Space
from kittiseg.tuning.trials import Trial, trial_id

_TRIES = 20  # suggestions that constraints may refuse before a trial is drawn at random


class Searcher(Protocol):
    """Gives trials their parameters. They are asked for by number, from 0 on."""

    def ask(self, number: int) -> dict[str, Any] | None:
        """None where there are no more."""

    def tell(self, trial: Trial) -> None:
        """What has become of a trial, also of one that an earlier run of the sweep asked for."""


def searcher_of(space: Space) -> Searcher:
    """As the sweep config says."""
    if isinstance(space.config.searcher, OptunaSearch):
        return Suggested(space)
    return Listed(space)


class Listed:
    """Random draws, or the combinations of a grid: what a trial is does not depend on how others went."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._grid = space.grid() if isinstance(space.config.searcher, GridSearch) else None
        self._points: list[dict[str, Any]] = []

    def ask(self, number: int) -> dict[str, Any] | None:
        config = self._space.config
        if self._grid is None:
            return None if number >= (config.trials or TRIALS) else self._space.draw(config.seed, number)
        if config.trials is not None and number >= config.trials:
            return None
        while len(self._points) <= number:
            point = next(self._grid, None)
            if point is None:
                return None
            self._points.append(point)
        return self._points[number]

    def tell(self, trial: Trial) -> None:
        """Nothing follows from it."""


class Suggested:
    """Optuna's TPE. A suggestion follows from the seed, its number, and the trials told by then, and from nothing else.

    So it is the same in a sweep that was stopped and resumed. Trials that are asked for and not yet told of count as
    bad, lest all that run at once be drawn at the same place.
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        self._known: dict[str, Trial] = {}

    def ask(self, number: int) -> dict[str, Any] | None:
        config = self._space.config
        if number >= (config.trials or TRIALS):
            return None
        found = next(
            (
                suggestion
                for attempt in range(_TRIES)
                if self._space.refused(suggestion := self._suggest(number, attempt)) is None
            ),
            None,
        )
        parameters = self._space.draw(config.seed, number) if found is None else found
        self.tell(Trial(id=trial_id(number), parameters=parameters))
        return parameters

    def tell(self, trial: Trial) -> None:
        self._known[trial.id] = trial

    def _suggest(self, number: int, attempt: int) -> dict[str, Any]:
        """A study of all trials known, with a sampler of its own: one that went on would remember what is not told."""
        import optuna

        config, dimensions = self._space.config, self._space.dimensions
        assert isinstance(config.searcher, OptunaSearch)
        seed = int(rng_for(config.seed, "optuna", str(number), str(attempt)).integers(1 << 31))
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            sampler = optuna.samplers.TPESampler(
                seed=seed, n_startup_trials=config.searcher.startup, multivariate=True, constant_liar=True
            )
            study = optuna.create_study(sampler=sampler, direction="minimize" if config.mode == "min" else "maximize")
            space = {name: _distribution(dimension) for name, dimension in dimensions.items()}
            study.add_trials([self._told(self._known[known], space) for known in sorted(self._known)])
            asked = study.ask(space).params
        return {
            name: dimension.choice[asked[name]] if dimension.choice else asked[name]
            for name, dimension in dimensions.items()
        }

    def _told(self, trial: Trial, space: dict[str, Any]) -> Any:
        import optuna

        dimensions, states = self._space.dimensions, optuna.trial.TrialState
        parameters = {
            name: dimensions[name].index(value) if dimensions[name].choice else value
            for name, value in trial.parameters.items()
        }
        told: dict[str, Any] = {"state": states.FAIL if trial.is_over else states.RUNNING}
        if trial.is_over and trial.status != "failed" and trial.metric is not None:
            told = {"value": trial.metric}
        return optuna.trial.create_trial(params=parameters, distributions=space, **told)


def _distribution(dimension: Dimension) -> Any:
    """Optuna's; of a choice the indices, for Optuna takes no lists and objects."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if dimension.choice is not None:
        return CategoricalDistribution(range(len(dimension.choice)))
    least, most = dimension.ends
    if dimension.integer is not None:
        return IntDistribution(least, most, step=int(dimension.step or 1))
    return FloatDistribution(least, most, log=dimension.loguniform is not None, step=dimension.step)
