"""The sweep config: which trainings a sweep makes, and how it chooses among them."""

from collections.abc import Mapping
from dataclasses import field
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, MinLen

from kittiseg.config import Doc, OneOf, Wanted, settings
from kittiseg.errors import ConfigError, Problem
from kittiseg.tuning.dimensions import Dimension

Text = Annotated[str, MinLen(1)]
Side = Text | float
Sign = Annotated[Literal["<=", "<", "!="], Wanted("<=, < or != (for >= and > swap the two sides)")]
Constraint = tuple[Side, Sign, Side]
"""``[left, sign, right]``: pointers or numbers, and how the two must compare."""

TRIALS = 8
"""So many where a config says nothing and no grid ends by itself."""


@settings
class RandomSearch:
    """Every trial is drawn by itself: trial 5 of a seed is the same however many there are."""

    name: Literal["random"] = "random"


@settings
class GridSearch:
    """Every combination, the last parameter varying fastest; those that constraints forbid are left out."""

    name: Literal["grid"] = "grid"


@settings
class OptunaSearch:
    """Optuna's TPE: later trials are drawn where earlier ones were good.

    Bergstra et al., "Algorithms for Hyper-Parameter Optimization", 2011.
    """

    name: Literal["optuna"] = "optuna"
    startup: Annotated[int, Ge(1), Doc("trials that are drawn at random first")] = 10


@settings
class Asha:
    """At certain validations, a trial that is not among the best so far is stopped.

    Li et al., "A System for Massively Parallel Hyperparameter Tuning", 2018.
    """

    name: Literal["asha"] = "asha"
    grace: Annotated[int, Ge(1), Doc("validations that every trial has before it may be stopped")] = 1
    reduction_factor: Annotated[
        float, Gt(1), Doc("one in so many goes on, and so many times as long until it is asked again")
    ] = 4.0


@settings
class Pbt:
    """Population based training: bad trials go on from the weights of good ones, with parameters near theirs.

    Jaderberg et al., "Population Based Training of Neural Networks", 2017.
    """

    name: Literal["pbt"] = "pbt"
    every: Annotated[int, Ge(1), Doc("validations from one exchange to the next")] = 2
    parameters: Annotated[
        Annotated[tuple[Text, ...], MinLen(1)] | None,
        Doc("which may change in the middle of a training; null: all of the space that can"),
    ] = None
    quantile: Annotated[float, Gt(0), Le(0.5), Doc("this share of the trials is bad, and as many are good")] = 0.25
    resample: Annotated[
        float, Ge(0), Le(1), Doc("how often a parameter is drawn anew instead of being changed a little")
    ] = 0.25


@settings
class SweepConfig:
    """A sweep: trainings that differ in a few parameters, and which of them is the best."""

    train: Annotated[Text, Doc("the file of the training config; its path begins at the folder of this file")]
    transform: Annotated[
        Text | None, Doc("the file of the query that makes the pictures; its path begins there too")
    ] = None
    project: Annotated[Text | None, Doc("in place of a query: the project that all trials train on")] = None
    init: Annotated[Text | None, Doc("weights to begin with: a file, or MODEL or MODEL@27")] = None
    space: Annotated[
        Mapping[Text, Dimension],
        MinLen(1),
        Doc('what each parameter may be, by where it stands: "train:" or "transform:" and a JSON pointer'),
    ]
    fixed: Annotated[
        Mapping[Text, Any], Doc("values that are other than in the files, but the same for all trials, by where too")
    ] = field(default_factory=dict)
    constraints: Annotated[
        tuple[Constraint, ...], Doc("[left, sign, right]: pointers or numbers, with the sign <=, < or !=")
    ] = ()
    metric: Annotated[
        Text,
        Doc("what the best trial is the best by: loss, mean_iou, iou/<class>, whole/mean_iou or whole/iou/<class>"),
    ] = "loss"
    trials: Annotated[Annotated[int, Ge(1)] | None, Doc(f"how many; null: {TRIALS}, or the whole grid")] = None
    at_once: Annotated[
        Annotated[int, Ge(1)] | None,
        Doc("trials that run at the same time at most; null: as many as there is room for"),
    ] = None
    searcher: Annotated[
        Annotated[RandomSearch | GridSearch | OptunaSearch, OneOf("name")], Doc("how parameters are chosen")
    ] = RandomSearch()
    scheduler: Annotated[
        Annotated[Asha | Pbt, OneOf("name")] | None, Doc("how bad trials end early; null: every trial runs to its end")
    ] = None
    gpus_per_worker: Annotated[
        float, Gt(0), Le(1), Doc("share of a GPU that each worker of a trial takes: with 0.5 two share one")
    ] = 1.0
    retries: Annotated[int, Ge(0), Doc("how often a trial that died goes on from its last checkpoint")] = 1
    seed: Annotated[int, Ge(0), Doc("the parameters follow from it")] = 0

    @property
    def mode(self) -> Literal["min", "max"]:
        """Whether the metric is better when it is low or high."""
        return "min" if self.metric == "loss" else "max"

    @property
    def same_for_all(self) -> dict[str, Any]:
        """What all trials have other than in the files, by where: ``fixed``, and by what a checkpoint is the best."""
        return {**self.fixed, "train:/best_by": self.metric}

    def files(self, path: Path) -> tuple[Path, Path | None]:
        """Training config and query, for the sweep config lies at ``path``."""
        return path.parent / self.train, None if self.transform is None else path.parent / self.transform


def check_searcher(config: SweepConfig, *, source: str) -> None:
    """ConfigError where the searcher needs a package that is not installed. ``source``: the file that names it."""
    name = config.searcher.name
    if name == "optuna" and find_spec(name) is None:
        message = f"'{name}' needs its package: pip install kittiseg[{name}]; or choose random"
        raise ConfigError(source, [Problem("/searcher/name", message)])
