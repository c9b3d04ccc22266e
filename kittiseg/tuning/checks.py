"""Everything that is wrong with a sweep config, found before the first trial."""

import json
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from kittiseg.config import pointer
from kittiseg.dtl.layer import rng_for
from kittiseg.errors import ConfigError, Problem, readable
from kittiseg.training.scores import wrong_best_by
from kittiseg.tuning.config import GridSearch, OptunaSearch, Pbt, SweepConfig
from kittiseg.tuning.pointers import Place
from kittiseg.tuning.space import LARGEST_GRID, MUTABLE, Space, may_change

_VALIDATED = ("dataset_tags", "special_classes", "validate_on")
_WORKERS = ("devices", "gpu_devices")
_LOSSES = ("class_weights", "loss", "loss_weights")

_OTHERS = 64  # draws of the other parameters in which an end is tried that does not fit the files as they stand


def wrong_config(config: SweepConfig) -> list[Problem]:
    """What can be said without the files that it names."""
    misplaced = _wrong_places(config)
    unfit = [] if misplaced else _wrong_scheduler(config)
    return [*_wrong_source(config), *misplaced, *_wrong_searcher(config), *unfit]


def wrong_space(space: Space) -> list[Problem]:
    """What shows when the parameters are put into the documents: ends that cannot be, a constraint on nothing."""
    problems = [*_wrong_metric(space), *(problem for name in space.names for problem in _wrong_ends(space, name))]
    if problems:
        return problems
    try:
        if isinstance(space.config.searcher, GridSearch):
            space.check_grid()
            return []
        space.draw(space.config.seed, 0)
    except ConfigError as error:
        return [*error.problems]
    return []


def _wrong_source(config: SweepConfig) -> Iterator[Problem]:
    if (config.transform is None) == (config.project is None):
        message = "give either transform, a query, or project, the name of a project, and not both"
        yield Problem("/transform", message)


def _wrong_places(config: SweepConfig) -> list[Problem]:
    """Keys that are no place, places in a query where there is none, and values that would overwrite one another."""
    problems, places = [], dict[str, Place]()
    for where, name in _named_places(config):
        try:
            places[where] = Place.read(name)
        except ValueError as error:
            problems.append(Problem(where, str(error)))
    for where, place in places.items():
        if place.document == "transform" and config.transform is None:
            problems.append(Problem(where, "there is no query to put it in: transform is null"))
    values = {where: place for where, place in places.items() if not where.startswith("/constraints/")}
    return [*problems, *_overwritten(values)]


def _named_places(config: SweepConfig) -> Iterator[tuple[str, str]]:
    """Where in the sweep config each stands; ``fixed``, which is put first, before ``space``."""
    yield from ((pointer("fixed", name), name) for name in config.fixed)
    yield from ((pointer("space", name), name) for name in config.space)
    for index, constraint in enumerate(config.constraints):
        for side in (0, 2):
            if isinstance(name := constraint[side], str):
                yield pointer("constraints", index, side), name


def _overwritten(places: Mapping[str, Place]) -> Iterator[Problem]:
    """A parameter may lie inside what is fixed: its value then goes there."""
    for where, place in places.items():
        if Place.read("train:/best_by").is_within(place):
            yield Problem(where, "the sweep's metric is what best_by will be")
    for (one, first), (other, second) in combinations(places.items(), 2):
        is_inside = second.is_within(first) and not first.is_within(second)
        if is_inside and one.startswith("/fixed/") and other.startswith("/space/"):
            continue
        if first.is_within(second) or second.is_within(first):
            yield Problem(other, f"one of it and {readable(one)} lies inside the other; leave out one of them")


def _wrong_searcher(config: SweepConfig) -> Iterator[Problem]:
    if not isinstance(config.searcher, GridSearch):
        return
    size = 1
    for name, dimension in config.space.items():
        if dimension.count is None:
            remedy = "give it a step" if dimension.uniform else "write a choice of values"
            yield Problem(pointer("space", name), f"a grid needs values that can be counted: {remedy}")
        size *= dimension.count or 1
    if size > LARGEST_GRID:
        yield Problem("/space", f"the grid has {size:,} combinations, more than {LARGEST_GRID:,}; make it coarser")


def _wrong_scheduler(config: SweepConfig) -> Iterator[Problem]:
    """All keys of ``space`` being places."""
    if not isinstance(config.scheduler, Pbt):
        return
    if isinstance(config.searcher, OptunaSearch):
        message = "pbt changes parameters by itself, of which optuna would know nothing; choose random or grid"
        yield Problem("/searcher/name", message)
    for index, name in enumerate(config.scheduler.parameters or ()):
        where = pointer("scheduler", "parameters", index)
        if name not in config.space:
            yield Problem(where, f"'{name}' is not in space")
        elif not may_change(name):
            yield Problem(where, f"'{name}' cannot change in the middle of a training")
    if not any(map(may_change, config.space)):
        yield Problem("/scheduler", f"none of space can change in the middle of a training: {', '.join(MUTABLE)}")


def _wrong_metric(space: Space) -> Iterator[Problem]:
    """A metric that is none, and parameters with which trials could not run side by side or be compared."""
    config = space.config
    has_whole = space.base.find("train:/validate_on") is not None
    if wrong := wrong_best_by(config.metric, None, has_whole=has_whole):
        yield Problem("/metric", wrong)
    for name in space.names:
        place = Place.read(name)
        field = place.steps[0] if place.document == "train" else ""
        if field in _WORKERS:
            yield Problem(pointer("space", name), "all trials have the same workers; say which by fixed")
        elif field in _VALIDATED:
            yield Problem(
                pointer("space", name), "trials must be validated on the same pictures, lest they not compare"
            )
        elif field in _LOSSES and config.metric == "loss":
            message = "the loss of one trial says nothing of another's then; choose a metric such as mean_iou"
            yield Problem(pointer("space", name), message)


def _wrong_ends(space: Space, name: str) -> Iterator[Problem]:
    """Values that fit neither the files as they stand nor any of some draws of the other parameters."""
    told: dict[str, list[str]] = {}
    for place, value in enumerate(space.dimensions[name].ends):
        try:
            problems = space.put({name: value}).problems()
        except ValueError as error:
            yield Problem(pointer("space", name), str(error))
            return
        if problems and not any(_fits(space, others | {name: value}) for others in _others(space, f"{name} {place}")):
            told.setdefault("; ".join(map(str, problems)), []).append(json.dumps(value, ensure_ascii=False))
    for why, values in told.items():
        yield Problem(pointer("space", name), f"cannot be {' or '.join(values)}: {why}")


def _fits(space: Space, parameters: Mapping[str, Any]) -> bool:
    try:
        return not space.put(parameters).problems()
    except ValueError:  # of another parameter, which is told at its own place
        return False


def _others(space: Space, key: str) -> Iterator[dict[str, Any]]:
    """Draws of some parameters, lest one that is wrong spoil all, at their ends as often as between them."""
    for attempt in range(_OTHERS if len(space.names) > 1 else 0):
        rng = rng_for(0, "sweep ends", key, str(attempt))
        chosen = [name for name in space.names if rng.random() < 0.5]
        drawn: dict[str, Any] = {}
        for name in chosen:
            dimension = space.dimensions[name]
            at_end = rng.random() < 0.5
            drawn[name] = (
                dimension.ends[int(rng.integers(len(dimension.ends)))] if at_end else dimension.at(rng.random())
            )
        yield drawn
