"""TRAIN: a project, or what a query makes, becomes a model with checkpoints. torch is imported when one begins."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kittiseg.config import load
from kittiseg.engine import Workers
from kittiseg.engine.devices import check_devices
from kittiseg.engine.trackers import check_trackers
from kittiseg.errors import ResourceError, StorageError
from kittiseg.inference.config import FullImageSettings, InferenceConfig
from kittiseg.pipeline.run import Run
from kittiseg.pipeline.transforming import Prepared, prepare_query
from kittiseg.progress import track

if TYPE_CHECKING:
    from kittiseg.training.config import TrainConfig
    from kittiseg.training.prepare import TrainJob, TrainRequest
    from kittiseg.training.sources import QuerySource, Source


FEW = 64
"""So many pictures are prepared here in less time than the first task of an engine takes to start."""


@dataclass(frozen=True)
class TrainOptions:
    """What ``train`` is asked for.

    ``project``: its name, or a query's file. ``init``: a file of weights or ``MODEL@27``; ``devices`` overrides the
    config's. ``windows``: the inference config that the model is for, which its scale is held against.
    """

    config: Path
    project: str
    name: str
    init: str | None = None
    devices: str | None = None
    resume: bool = False
    overwrite: bool = False
    windows: Path | None = None


def train(run: Run, options: TrainOptions) -> dict[str, Any]:
    """Trains to the last epoch, or goes on to it; gives the list of checkpoints as :func:`list_checkpoints` does.

    A training that ends before its first checkpoint leaves no model behind, and the one that it was to replace.
    WorkspaceError where another process is at the same model.
    """
    from kittiseg.training.alone import alone_at
    from kittiseg.training.config import TrainConfig

    config = load(TrainConfig, options.config)
    check_trackers(config.trackers, source=str(options.config))
    if options.devices is not None:
        config = replace(config, devices=check_devices(options.devices))
    if config.validate_on is not None:
        config = replace(config, validate_on=config.validate_on.read())
    with alone_at(run.workspace, options.name, resume=options.resume):
        carry_out(run, _request(run, options, config), resume=options.resume)
    return list_checkpoints(run, options.name)


def carry_out(
    run: Run, request: "TrainRequest", *, resume: bool, told: Callable[[dict[str, Any]], None] | None = None
) -> None:
    """Trains the model of the request, whom :func:`alone_at` has given to the caller alone.

    ``told``: is given each validation's record of the history that is new, once its checkpoint is written.
    """
    from kittiseg.training.devices import plan_devices
    from kittiseg.training.prepare import prepare
    from kittiseg.training.prepare import resume as go_on
    from kittiseg.training.run_record import read_run

    plan = plan_devices(request.config, run.engine.resources())
    job = go_on(run.workspace, request, plan) if resume else prepare(run.workspace, request, plan, run.progress)
    run.progress.notice(f"training on {plan.note}")
    _fit(run, job, request.name, plan.workers, resume, told)
    run.progress.notice(f"the training has ended: {read_run(job.model)['sessions'][-1]['why']}")


def _request(run: Run, options: TrainOptions, config: "TrainConfig") -> "TrainRequest":
    from kittiseg.training.prepare import TrainRequest
    from kittiseg.training.weights import find_init

    if options.resume:
        run.workspace.model_files(options.name)
    else:
        run.workspace.refuse_existing(options.name, kind="model", overwrite=options.overwrite)
    return TrainRequest(
        source=find_source(run, options.project),
        name=options.name,
        config=config,
        init=None if options.init is None else find_init(run.workspace, options.init),
        overwrite=options.overwrite,
        windows=None if options.windows is None else _read_windows(run, options.windows),
    )


def _read_windows(run: Run, path: Path) -> InferenceConfig:
    config = load(InferenceConfig, path)
    if isinstance(config.mode, FullImageSettings):
        run.progress.notice(f"{path} shows whole pictures: their scale is known where validate_on names some")
    return config


def find_source(run: Run, project: str) -> "Source":
    """The pictures of a project; or, where ``project`` is a query's JSON file, what the query makes of its own."""
    from kittiseg.training.sources import ProjectSource

    file = Path(project)
    if file.suffix != ".json" or (project in run.workspace.projects() and not file.is_file()):
        return ProjectSource(run.workspace.project(project))
    return query_source(project, prepare_query(run, file))


def query_source(file: str, prepared: Prepared) -> "QuerySource":
    """What a query makes, which was read from a file."""
    from kittiseg.training.sources import QuerySource

    return QuerySource(
        file=file,
        query=prepared.document,
        program=prepared.program,
        projects=prepared.projects,
        keys=prepared.keys,
    )


def list_checkpoints(run: Run, model: str) -> dict[str, Any]:
    """``model``, ``classes``, ``checkpoints`` (number, epoch, metrics, marks ``best`` and ``last``), ``damaged``.

    ``best_by``: the value that the best checkpoint is the best by.
    """
    from kittiseg.training.checkpoints import list_checkpoints as listed

    found = listed(run.workspace.model_files(model))
    entries = []
    for checkpoint in found.whole:
        marks = [mark for mark, marked in (("best", found.best), ("last", found.last)) if marked is checkpoint]
        metrics = {"loss": checkpoint.loss, **checkpoint.state.metrics}
        entries.append({"checkpoint": checkpoint.number, "epoch": checkpoint.state.epoch, **metrics, "marks": marks})
    classes = list(entries[-1]["iou"]) if entries else []
    return {
        "model": model,
        "classes": classes,
        "best_by": found.best_by,
        "checkpoints": entries,
        "damaged": list(found.damaged),
    }


def restore_checkpoint(run: Run, model: str, checkpoint: str, *, name: str, overwrite: bool = False) -> int:
    """Makes a checkpoint (its number, ``best`` or ``last``) a model of its own; gives its number."""
    from kittiseg.training.alone import alone_at
    from kittiseg.training.restore import restore

    with alone_at(run.workspace, name):
        _, found = restore(run.workspace, model, checkpoint, name, overwrite=overwrite)
    return found.number


def _fit(
    run: Run,
    job: "TrainJob",
    name: str,
    workers: Workers,
    resume: bool,
    told: Callable[[dict[str, Any]], None] | None,
) -> None:
    from kittiseg.pipeline.following import followed
    from kittiseg.training.alone import train_alone
    from kittiseg.training.checkpoints import checkpoint_folders

    storage = run.workspace.files.within(f"models/.{name}.engine")
    storage.make_folder("")
    try:
        _prepare_samples(run, job, name)
        with followed(job, name, run.metered("train", model=name), told):
            run.engine.fit(train_alone, job, workers=workers, name=f"train {name}", storage=storage)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | StorageError):
            run.close()  # or its workers would write into folders that are being removed
        if not (resume or checkpoint_folders(job.model)):
            job.model.remove("")
        elif isinstance(error, KeyboardInterrupt | ResourceError | StorageError):
            run.progress.notice("the same command with --resume goes on from the last checkpoint")
        raise


def _prepare_samples(run: Run, job: "TrainJob", model: str) -> None:
    """Reads all pictures once, in parallel, into files that the workers map."""
    from kittiseg.training.sample_files import write_samples

    def mapped(function: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[Any]:
        total, title = len(job.source.keys), f"prepare {model}"
        chunks = map(function, tasks) if total <= FEW else run.engine.map(function, tasks, name=title)
        progress = run.metered("prepare", model=model)
        return track(chunks, progress, title=title, total=total, unit="pictures", size=lambda chunk: chunk.read)

    job.samples.remove("")
    write_samples(job.source, job.config.settings, job.config.classes, job.samples, mapped=mapped)
