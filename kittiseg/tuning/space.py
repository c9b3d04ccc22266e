"""The space of a sweep: parameters, what they may be, and which of their combinations are allowed."""

import itertools
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kittiseg.config import pointer
from kittiseg.dtl.layer import rng_for
from kittiseg.errors import ConfigError, Problem
from kittiseg.tuning.config import Constraint, Pbt, SweepConfig
from kittiseg.tuning.dimensions import Dimension
from kittiseg.tuning.documents import Documents
from kittiseg.tuning.pointers import Place

Parameters = Mapping[str, Any]
"""A value for each parameter, by where it stands: ``{"train:/lr": 0.003}``."""

LARGEST_GRID = 10_000
"""So many combinations can be looked at one by one."""

TRIES = 1000
"""So many draws in a row may be refused before a space counts as empty."""

MUTABLE = ("class_weights", "clip_gradients", "loss", "loss_weights", "lr", "lr_decreasing", "optimizer", "schedule")
"""Fields of a training config that may change in the middle of a training: weights and pictures stay what they are."""


@dataclass(frozen=True)
class Space:
    """What can be drawn. ``base``: the documents as they stand in the files, with what is the same for all trials.

    ``source``: the file of the sweep config, for errors.
    """

    config: SweepConfig
    base: Documents
    source: str

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        return self.config.space

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.dimensions)

    @property
    def query_file(self) -> str:
        """For errors; empty where there is no query."""
        return str(self.config.files(Path(self.source))[1] or "")

    @property
    def changing(self) -> tuple[str, ...]:
        """Those that population based training changes in the middle of a training."""
        scheduler = self.config.scheduler
        if not isinstance(scheduler, Pbt):
            return ()
        return scheduler.parameters or tuple(filter(may_change, self.names))

    def put(self, parameters: Parameters) -> Documents:
        """The documents of a trial. ``best_by`` of the training config is the sweep's metric."""
        return self.base.put(parameters)

    def refused(self, parameters: Parameters) -> Problem | None:
        """Why these cannot be: what is wrong with the documents, else the first constraint that does not hold.

        ConfigError where constraints speak of what is not there, or of what is no number.
        """
        made = self.put(parameters)
        for problem in made.problems():
            return problem
        broken, wrong = [], []
        for index, constraint in enumerate(self.config.constraints):
            try:
                if not _holds(constraint, made):
                    broken.append(Problem(_shown(constraint), "does not hold"))
            except (LookupError, ValueError) as error:
                wrong.append(Problem(pointer("constraints", index), error.args[0]))
        if wrong:
            raise ConfigError(self.source, wrong)
        return broken[0] if broken else None

    def draw(self, seed: int, number: int) -> dict[str, Any]:
        """The parameters of a trial: of the same seed and number always the same, whatever was drawn before.

        ConfigError where constraints and documents leave nothing, or too little to be found.
        """
        reasons: list[Problem] = []
        for attempt in range(TRIES):
            drawn = {
                name: dimension.at(rng_for(seed, "sweep", str(number), str(attempt), name).random())
                for name, dimension in self.dimensions.items()
            }
            reason = self.refused(drawn)
            if reason is None:
                return drawn
            reasons.append(reason)
        why = "perhaps nothing in the space satisfies them all"
        if self._size <= LARGEST_GRID:
            self.check_grid()
            why = "too few combinations satisfy them all"
        told = f"{TRIES} draws in a row are not allowed ({_most(reasons)})"
        raise ConfigError(self.source, [Problem("/space", f"{told}: {why}; widen ranges or loosen constraints")])

    def grid(self) -> Iterator[dict[str, Any]]:
        """Every combination that is allowed, the last parameter varying fastest. All dimensions must be countable."""
        return (parameters for parameters in self._combinations() if not self.refused(parameters))

    def check_grid(self) -> None:
        """ConfigError where not one combination is allowed. All dimensions must be countable."""
        reasons: list[Problem] = []
        for parameters in self._combinations():
            reason = self.refused(parameters)
            if reason is None:
                return
            reasons.append(reason)
        told = f"none of the {len(reasons)} combinations that there are is allowed ({_most(reasons)})"
        raise ConfigError(self.source, [Problem("/space", f"{told}; add values or loosen constraints")])

    def perturbed(
        self, parameters: Parameters, names: Sequence[str], rng: np.random.Generator, *, resample: float
    ) -> dict[str, Any]:
        """Some parameters near what they were, or with the chance ``resample`` drawn anew.

        Where nothing near them is allowed, they are as they were.
        """
        for _ in range(TRIES):
            made = dict(parameters)
            for name in names:
                dimension = self.dimensions[name]
                anew = rng.random() < resample
                made[name] = dimension.at(rng.random()) if anew else dimension.near(made[name], up=rng.random() < 0.5)
            if self.refused(made) is None:
                return made
        return dict(parameters)

    @property
    def _size(self) -> float:
        """How many combinations there are; infinity where they cannot be counted."""
        return math.prod(dimension.count or math.inf for dimension in self.dimensions.values())

    def _combinations(self) -> Iterator[dict[str, Any]]:
        for values in itertools.product(*(dimension.values for dimension in self.dimensions.values())):
            yield dict(zip(self.names, values, strict=True))


def may_change(name: str) -> bool:
    """Whether a training can go on with another value there; what an optimizer remembers fits no other optimizer."""
    place = Place.read(name)
    is_optimizer = place.steps in (("optimizer",), ("optimizer", "name"))
    return place.document == "train" and place.steps[0] in MUTABLE and not is_optimizer


def _most(reasons: Sequence[Problem]) -> str:
    """The most frequent, each with how often it was in the way."""
    last = {reason.pointer: reason for reason in reasons}
    counts = Counter(reason.pointer for reason in reasons).most_common(3)
    return "; ".join(f"{count} times {last[place]}" for place, count in counts)


def _holds(constraint: Constraint, made: Documents) -> bool:
    """LookupError where a side of it is not there; ValueError where it is no number, which only != can compare."""
    left, sign, right = constraint
    a, b = (made.find(side) if isinstance(side, str) else side for side in (left, right))
    if sign == "!=":
        return bool(a != b)
    for side in (a, b):
        if isinstance(side, bool) or not isinstance(side, int | float):
            raise ValueError(f"only numbers can be compared by {sign}, not {json.dumps(side)}")
    return bool(a <= b if sign == "<=" else a < b)


def _shown(constraint: Constraint) -> str:
    return " ".join(side if isinstance(side, str) else f"{side:g}" for side in constraint)
