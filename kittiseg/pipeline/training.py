"""TRAIN: a project, or what a query makes, becomes a model with checkpoints. torch is imported when one begins."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kittiseg.config import load
from kittiseg.engine import Workers
from kittiseg.engine.devices import check_devices
from kittiseg.errors import KittisegError, ResourceError, StorageError
from kittiseg.pipeline.run import Run
from kittiseg.pipeline.transforming import prepare_query
from kittiseg.progress import Progress
from kittiseg.project.store import Files

if TYPE_CHECKING:
    from kittiseg.training.config import TrainConfig
    from kittiseg.training.devices import DevicePlan
    from kittiseg.training.prepare import TrainJob
    from kittiseg.training.sources import Source


@dataclass(frozen=True)
class TrainOptions:
    """What ``train`` is asked for.

    ``project``: its name, or a query's file. ``init``: a file of weights or ``MODEL@27``; ``devices`` overrides the
    config's.
    """

    config: Path
    project: str
    name: str
    init: str | None = None
    devices: str | None = None
    resume: bool = False
    overwrite: bool = False


def train(run: Run, options: TrainOptions) -> dict[str, Any]:
    """Trains to the last epoch, or goes on to it; gives the list of checkpoints as :func:`list_checkpoints` does.

    A training that ends before its first checkpoint leaves no model behind, and the one that it was to replace.
    WorkspaceError where another process is at the same model.
    """
    from kittiseg.training.alone import alone_at
    from kittiseg.training.config import TrainConfig

    config = load(TrainConfig, options.config)
    if options.devices is not None:
        config = replace(config, devices=check_devices(options.devices))
    with alone_at(run.workspace, options.name, resume=options.resume):
        job, plan = _prepared(run, options, config)
        run.progress.notice(f"training on {plan.note}")
        _fit(run, job, plan.workers, options)
    return list_checkpoints(run, options.name)


def _prepared(run: Run, options: TrainOptions, config: "TrainConfig") -> "tuple[TrainJob, DevicePlan]":
    from kittiseg.training.devices import plan_devices
    from kittiseg.training.prepare import TrainRequest, prepare, resume
    from kittiseg.training.weights import find_init

    if options.resume:
        run.workspace.model_files(options.name)
    else:
        run.workspace.refuse_existing(options.name, kind="model", overwrite=options.overwrite)
    request = TrainRequest(
        source=find_source(run, options.project),
        name=options.name,
        config=config,
        init=None if options.init is None else find_init(run.workspace, options.init),
        overwrite=options.overwrite,
    )
    plan = plan_devices(config, run.engine.resources())
    job = (
        resume(run.workspace, request, plan) if options.resume else prepare(run.workspace, request, plan, run.progress)
    )
    return job, plan


def find_source(run: Run, project: str) -> "Source":
    """The pictures of a project; or, where ``project`` is a query's JSON file, what the query makes of its own."""
    from kittiseg.training.sources import ProjectSource, QuerySource

    file = Path(project)
    if file.suffix != ".json" or (project in run.workspace.projects() and not file.is_file()):
        return ProjectSource(run.workspace.project(project))
    prepared = prepare_query(run, file)
    return QuerySource(
        file=project,
        query=prepared.document,
        program=prepared.program,
        projects=prepared.projects,
        keys=prepared.keys,
    )


def list_checkpoints(run: Run, model: str) -> dict[str, Any]:
    """``model``, ``classes``, ``checkpoints`` (number, epoch, metrics, marks ``best`` and ``last``), ``damaged``."""
    from kittiseg.training.checkpoints import list_checkpoints as listed

    found = listed(run.workspace.model_files(model))
    entries = []
    for checkpoint in found.whole:
        marks = [mark for mark, marked in (("best", found.best), ("last", found.last)) if marked is checkpoint]
        metrics = {"loss": checkpoint.loss, **checkpoint.state.metrics}
        entries.append({"checkpoint": checkpoint.number, "epoch": checkpoint.state.epoch, **metrics, "marks": marks})
    classes = list(entries[-1]["iou"]) if entries else []
    return {"model": model, "classes": classes, "checkpoints": entries, "damaged": list(found.damaged)}


def restore_checkpoint(run: Run, model: str, checkpoint: str, *, name: str, overwrite: bool = False) -> int:
    """Makes a checkpoint (its number, ``best`` or ``last``) a model of its own; gives its number."""
    from kittiseg.training.alone import alone_at
    from kittiseg.training.restore import restore

    with alone_at(run.workspace, name):
        _, found = restore(run.workspace, model, checkpoint, name, overwrite=overwrite)
    return found.number


def _fit(run: Run, job: "TrainJob", workers: Workers, options: TrainOptions) -> None:
    from kittiseg.training.alone import train_alone

    storage = run.workspace.files.within(f"models/.{options.name}.engine")
    storage.make_folder("")
    try:
        with _followed(job, run.progress):
            run.engine.fit(train_alone, job, workers=workers, name=f"train {options.name}", storage=storage.root)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | StorageError):
            run.close()  # or its workers would write into folders that are being removed
        if not (options.resume or job.model.folders("checkpoints")):
            job.model.remove("")
        elif isinstance(error, KeyboardInterrupt | ResourceError | StorageError):
            run.progress.notice("the same command with --resume goes on from the last checkpoint")
        raise


@contextmanager
def _followed(job: "TrainJob", progress: Progress) -> Iterator[None]:
    """Shows what the workers write into the model's folder, wherever they are."""
    follower = _Follower(job.model, progress)
    stop = threading.Event()

    def follow() -> None:
        pause = 0.5
        while not stop.wait(pause):
            began = time.perf_counter()
            follower.look()
            pause = max(0.5, 10 * (time.perf_counter() - began))  # a long history takes its time to read

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        follower.look()
        progress.finish()


class _Follower:
    """Turns new lines of history.jsonl into a progress bar and a line per validation."""

    def __init__(self, model: Files, progress: Progress) -> None:
        self._model, self._progress = model, progress
        self._sessions = len(_sessions(model))  # what an earlier start wrote is no news
        self._begun = False
        self._step = self._checkpoint = 0

    def look(self) -> None:
        """Tells what is new. What cannot be read now is told the next time: it is only a display."""
        with suppress(KittisegError, OSError):
            sessions = _sessions(self._model)
            if len(sessions) > self._sessions:
                self._sessions = len(sessions)
                self._begin(sessions[-1])
            if self._begun:
                self._tell()

    def _begin(self, session: dict[str, Any]) -> None:
        """The workers have begun, or begun anew after one had died; they have cut the history accordingly."""
        resumed_from = session["resumed_from"]
        if self._begun:
            place = f"checkpoint {resumed_from}" if resumed_from else "the start"
            self._progress.warn(f"a worker died; the training goes on from {place}")
        self._begun = True
        self._step, self._checkpoint = 0, resumed_from
        self._progress.start("train", session["steps"], "steps")

    def _tell(self) -> None:
        from kittiseg.training.history import read_history

        for record in read_history(self._model):
            if record["kind"] == "val" and record["checkpoint"] > self._checkpoint:
                self._checkpoint = record["checkpoint"]
                self._progress.notice(_validation_line(record))
            elif record["kind"] == "train" and record["step"] > self._step:
                note = f"loss {record['loss']:.4f}, {record['samples_per_s']:.1f} pictures/s"
                self._progress.advance(record["step"] - self._step, note)
                self._step = record["step"]


def _sessions(model: Files) -> list[dict[str, Any]]:
    from kittiseg.training.run_record import read_run

    return read_run(model)["sessions"]


def _validation_line(record: dict[str, Any]) -> str:
    ious = ", ".join(f"{name} {value:.4f}" for name, value in record["iou"].items() if value is not None)
    return f"checkpoint {record['checkpoint']}, epoch {record['epoch']:.2f}: loss {record['loss']:.4f}, IoU {ious}"
