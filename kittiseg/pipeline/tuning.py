"""TUNE: many trainings that differ in a few parameters; the best becomes a model."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from kittiseg.engine.search import Halving, SearchPlan, TrialTask
from kittiseg.errors import DataError, KittisegError, ResourceError, StorageError
from kittiseg.pipeline.population import train_generations
from kittiseg.pipeline.run import Run
from kittiseg.pipeline.sweep_request import (
    Room,
    SweepRequest,
    TuneOptions,
    check_request,
    find_room,
    find_sweep,
    training_config,
    validations_of,
)
from kittiseg.pipeline.sweep_watch import SweepWatch
from kittiseg.pipeline.trial import RunTrial
from kittiseg.pipeline.trial_projects import shared_project
from kittiseg.project.locks import locked
from kittiseg.training.alone import alone_at
from kittiseg.training.history import read_history
from kittiseg.training.restore import restore
from kittiseg.training.scores import score_of
from kittiseg.training.weights import Init
from kittiseg.tuning.config import Asha, Pbt
from kittiseg.tuning.space import Space
from kittiseg.tuning.trials import Sweep, Trial

_GOES_ON = "the same command with --resume goes on; trials that are over are kept"
_NOT_BEGUN = "no trial had begun, and no sweep is left: the same command without --resume begins it anew"


def tune(run: Run, options: TuneOptions) -> Sweep:
    """Runs the trials of a sweep that are not over, some at once, and makes the best one's best checkpoint a model.

    What became of each trial is written as it comes, so that a sweep which was killed goes on by ``resume``: from
    these files, not from Ray Tune's. One that ends before its first trial leaves nothing. WorkspaceError where another
    process is at the same sweep.
    """
    try:
        request = check_request(run, options)
        room = _room(run, request)
    except KeyboardInterrupt:
        run.progress.notice(_GOES_ON if options.resume else _NOT_BEGUN)
        raise
    busy = f"sweep '{options.name}' is being run by another process; wait, or stop it"
    with locked(run.workspace.files, f"sweeps/{options.name}", busy=busy):
        sweep = _begin(run, request.space, options)
        try:
            _search(run, sweep, request.init, room)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt | StorageError):
                run.close()  # or its trials would go on
            if not options.resume and all(trial.status == "waiting" for trial in sweep.trials()):
                sweep.files.remove("")
                if isinstance(error, KeyboardInterrupt):
                    run.progress.notice(_NOT_BEGUN)
            elif isinstance(error, KeyboardInterrupt | ResourceError | StorageError):
                run.progress.notice(_GOES_ON)
            raise
        finally:
            with suppress(KittisegError):
                sweep.files.remove(".engine")
        _keep_best(run, sweep, overwrite=options.overwrite or options.resume)
    return sweep


def _room(run: Run, request: SweepRequest) -> Room | None:
    """None where no trial is left to run. ResourceError where the engine cannot run any."""
    if len(request.over) == request.count:
        return None
    run.engine.check_search()
    return find_room(run, request.space)


def _begin(run: Run, space: Space, options: TuneOptions) -> Sweep:
    """The sweep's folder, made or found: nobody else may write there any more since it was checked."""
    sweep = find_sweep(run, space, options)
    if sweep is None:
        return Sweep.begin(run.workspace, options.name, space)
    sweep.write_config()
    return sweep


def _search(run: Run, sweep: Sweep, init: Init | None, room: Room | None) -> None:
    space, config = sweep.space, sweep.space.config
    progress = run.metered("tune", sweep=sweep.name)
    watch = SweepWatch(sweep, progress)
    if room is None or watch.over == watch.total:
        return
    plan = _plan(sweep, watch, room)
    trial = RunTrial(
        workspace=run.workspace,
        models=sweep.models,
        sweep=sweep.name,
        space=space,
        base=_base(run, sweep),
        seed=run.seed,
        init=init,
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


def _plan(sweep: Sweep, watch: SweepWatch, room: Room) -> SearchPlan:
    config = sweep.space.config
    over = 0 if isinstance(config.scheduler, Pbt) else watch.over  # a population that goes on has the threads it had
    return SearchPlan(
        at_once=min(room.at_once, watch.total - over),
        workers=room.workers,
        retries=config.retries,
        scheduler=_scheduler(sweep),
    )


def _base(run: Run, sweep: Sweep) -> str:
    """The project whose pictures all trials are validated on."""
    config, query = sweep.space.config, sweep.space.base.transform
    if query is None:
        assert config.project is not None, "a sweep config has a query or a project"
        return run.workspace.project(config.project).name
    return shared_project(run, sweep.name, query, source=sweep.space.query_file).name


def _scheduler(sweep: Sweep) -> Halving | None:
    wanted = sweep.space.config.scheduler
    if not isinstance(wanted, Asha):
        return None
    return Halving(
        grace=wanted.grace,
        factor=wanted.reduction_factor,
        most=validations_of(training_config(sweep.space)),
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


def _keep_best(run: Run, sweep: Sweep, *, overwrite: bool) -> None:
    best = sweep.best()
    if best is None:
        errors = [f"\n  {trial.id}: {trial.error}" for trial in sweep.trials() if trial.error]
        raise DataError(f"no trial of sweep '{sweep.name}' came to a validation{''.join(errors)}")
    with alone_at(run.workspace, sweep.name):
        restore(sweep.models, best.id, "best", sweep.name, overwrite=overwrite, into=run.workspace)
    sweep.write_best(best, model=sweep.name)
