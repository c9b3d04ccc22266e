"""TUNE: many trainings that differ in a few parameters; the best becomes a model."""

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from kittiseg.config import parse, to_json
from kittiseg.engine.search import Halving, SearchPlan, TrialTask
from kittiseg.engine.trackers import check_trackers
from kittiseg.errors import DataError, KittisegError, ResourceError, StorageError, WorkspaceError
from kittiseg.pipeline.population import train_generations
from kittiseg.pipeline.run import Run
from kittiseg.pipeline.sweep_watch import SweepWatch
from kittiseg.pipeline.trial import RunTrial
from kittiseg.pipeline.trial_projects import check_tags, shared_project
from kittiseg.pipeline.tuning_plan import trial_workers, trials_at_once
from kittiseg.project.locks import locked
from kittiseg.training.alone import alone_at
from kittiseg.training.config import TrainConfig
from kittiseg.training.history import read_history
from kittiseg.training.restore import restore
from kittiseg.training.run_record import read_run
from kittiseg.training.scores import score_of
from kittiseg.training.weights import Init, InitFile, find_init
from kittiseg.tuning.config import Asha, Pbt
from kittiseg.tuning.reading import read_space
from kittiseg.tuning.space import Space
from kittiseg.tuning.trials import SWEEPS, Sweep, Trial


@dataclass(frozen=True)
class TuneOptions:
    """What ``tune`` is asked for. ``name``: of the sweep, and of the model that its best trial becomes."""

    config: Path
    name: str
    resume: bool = False
    overwrite: bool = False


def tune(run: Run, options: TuneOptions) -> Sweep:
    """Runs the trials of a sweep that are not over, some at once, and makes the best one's best checkpoint a model.

    What became of each trial is written as it comes, so that a sweep which was killed goes on by ``resume``: from
    these files, not from Ray Tune's. One that ends before its first trial leaves nothing. WorkspaceError where another
    process is at the same sweep.
    """
    space = _self_contained(read_space(options.config))
    busy = f"sweep '{options.name}' is being run by another process; wait, or stop it"
    with locked(run.workspace.files, f"sweeps/{options.name}", busy=busy):
        sweep = _begin(run, space, options)
        try:
            _search(run, sweep)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt | StorageError):
                run.close()  # or its trials would go on
            if not options.resume and all(trial.status == "waiting" for trial in sweep.trials()):
                sweep.files.remove("")
            elif isinstance(error, KeyboardInterrupt | ResourceError | StorageError):
                run.progress.notice("the same command with --resume goes on; trials that are over are kept")
            raise
        finally:
            with suppress(KittisegError):
                sweep.files.remove(".engine")
        _keep_best(run, sweep, overwrite=options.overwrite or options.resume)
    return sweep


def _self_contained(space: Space) -> Space:
    """With the inference config itself in place of a path to it: trials run in other folders, and on other machines."""
    train, config = space.base.train, _training_config(space)
    check_trackers(config.trackers, source=space.source)
    if config.validate_on is not None:
        train = {**train, "validate_on": to_json(config.validate_on.read())}
    return replace(space, base=replace(space.base, train=train))


def _begin(run: Run, space: Space, options: TuneOptions) -> Sweep:
    """The sweep's folder, made or found; everything that can be wrong with the request is found here."""
    train = _training_config(space)
    if any(name.startswith("transform:") for name in space.names):
        check_tags(train.dataset_tags, source=space.source)
    if options.resume:
        sweep = Sweep.open(run.workspace, options.name).resumed(space)
        _refuse_other_model(run, sweep)
        return sweep
    for kind in ("sweep", "model"):
        run.workspace.refuse_existing(options.name, kind=kind, overwrite=options.overwrite)
    return Sweep.begin(run.workspace, options.name, space)


def _search(run: Run, sweep: Sweep) -> None:
    space, config = sweep.space, sweep.space.config
    progress = run.metered("tune", sweep=sweep.name)
    watch = SweepWatch(sweep, progress)
    if watch.over == watch.total:
        return
    plan = _plan(run, sweep, watch)
    trial = RunTrial(
        workspace=run.workspace,
        models=sweep.models,
        sweep=sweep.name,
        space=space,
        base=_base(run, sweep),
        seed=run.seed,
        init=_init(run, config.init),
    )
    run.progress.notice(_told(watch, plan))
    storage = sweep.files.within(".engine")

    def train(tasks: Iterator[TrialTask], until: int | None = None) -> None:
        storage.remove("")
        storage.make_folder("")
        run.engine.search(replace(trial, until=until), tasks, watch.hear, plan=plan, storage=storage)

    progress.start(f"tune {sweep.name}", watch.total - watch.over, "trials")
    try:
        if isinstance(config.scheduler, Pbt):
            train_generations(sweep, watch, train)
        else:
            train(watch.tasks())
    finally:
        progress.finish()


def _plan(run: Run, sweep: Sweep, watch: SweepWatch) -> SearchPlan:
    space, config = sweep.space, sweep.space.config
    over = 0 if isinstance(config.scheduler, Pbt) else watch.over  # a population that goes on has the threads it had
    return SearchPlan(
        at_once=min(trials_at_once(run, space), watch.total - over),
        workers=trial_workers(run, space),
        retries=config.retries,
        scheduler=_scheduler(sweep),
    )


def _init(run: Run, wanted: str | None) -> Init | None:
    found = None if wanted is None else find_init(run.workspace, wanted)
    return InitFile(found.path.resolve()) if isinstance(found, InitFile) else found


def _training_config(space: Space) -> TrainConfig:
    return parse(TrainConfig, space.base.train, source=space.source)


def _base(run: Run, sweep: Sweep) -> str:
    """The project whose pictures all trials are validated on."""
    config, query = sweep.space.config, sweep.space.base.transform
    if query is None:
        assert config.project is not None, "a sweep config has a query or a project"
        return run.workspace.project(config.project).name
    return shared_project(run, sweep.name, query).name


def _scheduler(sweep: Sweep) -> Halving | None:
    wanted, train = sweep.space.config.scheduler, _training_config(sweep.space)
    if not isinstance(wanted, Asha):
        return None
    return Halving(
        grace=wanted.grace,
        factor=wanted.reduction_factor,
        most=math.ceil(train.epochs / train.val_every),
        known=tuple(_curve(sweep, trial) for trial in sweep.trials() if trial.status in ("done", "stopped")),
    )


def _curve(sweep: Sweep, trial: Trial) -> tuple[tuple[int, float], ...]:
    """Checkpoint and score of each of a trial's validations."""
    history = read_history(sweep.files.within(f"models/{trial.id}"))
    scored = [
        (record["checkpoint"], score_of(record, record["loss"], sweep.space.config.metric))
        for record in history
        if record["kind"] == "val"
    ]
    return tuple((checkpoint, score) for checkpoint, score in scored if score is not None)


def _told(watch: SweepWatch, plan: SearchPlan) -> str:
    workers = plan.workers
    share = f", {workers.gpus:g} of a GPU each" if workers.device == "cuda" and workers.gpus < 1 else ""
    over = f", {watch.over} of them over" if watch.over else ""
    return f"{watch.total} trials{over}, {plan.at_once} at once, each on {workers}{share}"


def _refuse_other_model(run: Run, sweep: Sweep) -> None:
    """A sweep that is resumed may replace its own model, and no other."""
    if sweep.name in run.workspace.models():
        known = read_run(run.workspace.model_files(sweep.name)).get("restored_from", {})
        if not str(known.get("model")).startswith(f"{SWEEPS}/{sweep.name}/"):
            raise WorkspaceError(f"model '{sweep.name}' exists in {run.workspace.files.root}, and not from this sweep")


def _keep_best(run: Run, sweep: Sweep, *, overwrite: bool) -> None:
    best = sweep.best()
    if best is None:
        errors = [f"\n  {trial.id}: {trial.error}" for trial in sweep.trials() if trial.error]
        raise DataError(f"no trial of sweep '{sweep.name}' came to a validation{''.join(errors)}")
    with alone_at(run.workspace, sweep.name):
        restore(sweep.models, best.id, "best", sweep.name, overwrite=overwrite, into=run.workspace)
    sweep.write_best(best, model=sweep.name)
