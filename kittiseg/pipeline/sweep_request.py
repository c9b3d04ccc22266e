"""What a sweep is asked for, checked against the workspace before anything is written: the same for plan and sweep."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from kittiseg.config import parse, to_json
from kittiseg.engine import Workers
from kittiseg.engine.devices import groups_at_once
from kittiseg.engine.trackers import check_trackers
from kittiseg.errors import ConfigError, KittisegError, Problem, WorkspaceError
from kittiseg.pipeline.run import Run
from kittiseg.pipeline.transforming import compile_document
from kittiseg.pipeline.trial_projects import check_tags
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.names import check_name
from kittiseg.training.checkpoints import resolve
from kittiseg.training.classes import ClassIndex
from kittiseg.training.config import TrainConfig
from kittiseg.training.devices import plan_devices
from kittiseg.training.model import ModelConfig
from kittiseg.training.run_record import read_run
from kittiseg.training.weights import Init, InitFile, find_init
from kittiseg.training.whole import find_whole_pictures
from kittiseg.tuning.config import TRIALS, Asha, GridSearch, OptunaSearch
from kittiseg.tuning.pointers import Place
from kittiseg.tuning.reading import read_space
from kittiseg.tuning.searchers import searcher_of
from kittiseg.tuning.space import Space
from kittiseg.tuning.trials import SWEEPS, Sweep, Trial, trial_id


@dataclass(frozen=True)
class TuneOptions:
    """What ``tune`` is asked for. ``name``: of the sweep, and of the model that its best trial becomes.

    A plan needs no name; without one nothing is said of what is there already.
    """

    config: Path
    name: str = ""
    resume: bool = False
    overwrite: bool = False


@dataclass(frozen=True, kw_only=True)
class SweepRequest:
    """A sweep that may begin, or go on. ``init``: the weights that its trials begin with.

    ``trials``: those that are known beforehand, with those of an earlier run. ``count``: how many there will be.
    """

    space: Space
    init: Init | None
    trials: tuple[Trial, ...]
    count: int

    @property
    def over(self) -> tuple[str, ...]:
        """The ids of those that are not run again."""
        return tuple(trial.id for trial in self.trials if trial.is_over)


@dataclass(frozen=True, slots=True)
class Room:
    """``workers`` of each trial, and for how many trials ``at_once`` there is room, or as many as the config says."""

    workers: Workers
    at_once: int


def check_request(run: Run, options: TuneOptions) -> SweepRequest:
    """KittisegError with what would end the sweep before its first trial, or every trial; warns of what has no effect.

    Starts no engine, and reads no picture.
    """
    space = _self_contained(read_space(options.config))
    train = training_config(space)
    if any(name.startswith("transform:") for name in space.names):
        check_tags(train.dataset_tags, source=space.source)
    sweep = find_sweep(run, space, options) if options.name else None
    _check_classes(run, space, train, _base_meta(run, space))
    trials, count = _trials(space, sweep)
    _warn(run, space, train, count)
    return SweepRequest(space=space, init=_init(run, space), trials=trials, count=count)


def find_sweep(run: Run, space: Space, options: TuneOptions) -> Sweep | None:
    """The sweep that goes on, by a config read anew; None where one begins. WorkspaceError where it cannot be either.

    ConfigError where the one that is there cannot go on by this config.
    """
    check_name(options.name, what="sweep")
    if options.resume:
        sweep = Sweep.open(run.workspace, options.name).resumed(space)
        _refuse_other_model(run, sweep.name)
        return sweep
    for kind in ("sweep", "model"):
        run.workspace.refuse_existing(options.name, kind=kind, overwrite=options.overwrite)
    return None


def find_room(run: Run, space: Space) -> Room:
    """What each trial trains on. Starts the engine; ResourceError where it has not got that.

    ConfigError where a trial's workers would have shares of a GPU: they might get the same one, which NCCL refuses.
    """
    config, resources = space.config, run.engine.resources()
    remedy = '"fixed": {"train:/devices": "auto"} in the sweep config works with what there is'
    planned = plan_devices(training_config(space), resources, remedy=remedy)
    workers = replace(planned.workers, gpus=config.gpus_per_worker)
    if workers.device == "cuda" and workers.count > 1 and workers.gpus < 1:
        raise ConfigError(
            f"{space.source}: gpus_per_worker is {workers.gpus:g}, but each trial has {workers}, and those of one "
            'training cannot share a GPU; let each have one worker ("fixed": {"train:/gpu_devices": [0]}), or whole '
            'GPUs ("gpus_per_worker": 1)'
        )
    room = groups_at_once(resources, workers)
    return Room(workers, room if config.at_once is None else min(room, config.at_once))


def training_config(space: Space) -> TrainConfig:
    """What all trials have in common."""
    return parse(TrainConfig, space.base.train, source=space.source)


def validations_of(train: TrainConfig) -> int:
    """How many a training has that runs to its end."""
    return math.ceil(train.epochs / train.val_every)


def _self_contained(space: Space) -> Space:
    """With the inference config itself in place of a path to it: trials run in other folders, and on other machines."""
    train, config = space.base.train, training_config(space)
    check_trackers(config.trackers, source=space.source)
    if config.validate_on is not None:
        train = {**train, "validate_on": to_json(config.validate_on.read())}
    return replace(space, base=replace(space.base, train=train))


def _refuse_other_model(run: Run, name: str) -> None:
    """A sweep that is resumed may replace its own model, and no other."""
    if name in run.workspace.models():
        known = read_run(run.workspace.model_files(name)).get("restored_from", {})
        if not str(known.get("model")).startswith(f"{SWEEPS}/{name}/"):
            raise WorkspaceError(f"model '{name}' exists in {run.workspace.files.root}, and not from this sweep")


def _base_meta(run: Run, space: Space) -> ProjectMeta:
    """The classes of the pictures that all trials are validated on."""
    config = space.config
    if space.base.transform is not None:
        return compile_document(run, space.base.transform, source=space.query_file).program.meta
    assert config.project is not None, "a sweep config has a query or a project"
    with _told_at(space, "/project"):
        return run.workspace.project(config.project).meta


def _check_classes(run: Run, space: Space, train: TrainConfig, meta: ProjectMeta) -> None:
    """ConfigError where metric, loss, weights, sampling or whole pictures are not for these classes.

    Nothing is said of what varies: a trial may mend it.
    """
    varying = {place.steps[0] for place in map(Place.read, space.names) if place.document == "train"}
    try:
        find_whole_pictures(run.workspace, ModelConfig(train, ClassIndex.of(meta, train.special_classes)))
    except ConfigError as error:
        if not error.problems:
            raise
        told = [problem for problem in error.problems if varying.isdisjoint(problem.pointer.split("/")[1:2])]
        places = ["/metric" if problem.pointer == "/best_by" else f"train:{problem.pointer}" for problem in told]
        problems = [Problem(place, problem.message) for place, problem in zip(places, told, strict=True)]
        if problems:
            raise ConfigError(space.source, problems) from None


def _init(run: Run, space: Space) -> Init | None:
    wanted = space.config.init
    if wanted is None:
        return None
    with _told_at(space, "/init"):
        found = find_init(run.workspace, wanted, asked="init")
        if isinstance(found, InitFile):
            return InitFile(found.path.resolve())
        resolve(found.model, found.checkpoint)
        return found


def _trials(space: Space, sweep: Sweep | None) -> tuple[tuple[Trial, ...], int]:
    trials = [] if sweep is None else sweep.trials()
    if isinstance(space.config.searcher, OptunaSearch):
        return tuple(trials), max(len(trials), space.config.trials or TRIALS)
    searcher = searcher_of(space)
    while (drawn := searcher.ask(len(trials))) is not None:
        trials.append(Trial(id=trial_id(len(trials)), parameters=drawn))
    return tuple(trials), len(trials)


def _warn(run: Run, space: Space, train: TrainConfig, count: int) -> None:
    """Of settings that have no effect."""
    config, last = space.config, validations_of(train)
    varies = {"train:/epochs", "train:/val_every"} & set(space.names)
    if isinstance(config.scheduler, Asha) and config.scheduler.grace >= last and not varies:
        run.progress.warn(
            f"{space.source}: asha stops no trial: grace is {config.scheduler.grace}, and a training has {last} "
            'validations; lower it, or validate more often by "fixed": {"train:/val_every": ...}'
        )
    if isinstance(config.searcher, GridSearch) and config.trials is not None and config.trials > count:
        run.progress.warn(f"{space.source}: trials is {config.trials}, but the grid has only {count} combinations")


@contextmanager
def _told_at(space: Space, place: str) -> Iterator[None]:
    """What is wrong inside is a problem of the sweep config, at that place."""
    try:
        yield
    except KittisegError as error:
        raise ConfigError(space.source, [Problem(place, str(error))]) from None
