"""PREDICT: a model is applied to the whole pictures of a project."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from kittiseg.config import to_json
from kittiseg.engine import DeviceKind, Workers
from kittiseg.engine.devices import check_devices, plan_workers
from kittiseg.errors import DataError
from kittiseg.inference.config import FullImageSettings, InferenceConfig, RoiSettings
from kittiseg.inference.predictor import Predictor
from kittiseg.inference.tasks import Parts, Task, tasks_of
from kittiseg.inference.worker import PARTS, PredictedPicture, PredictionWorker
from kittiseg.inference.writers import CLASS_TABLE, class_table
from kittiseg.pipeline.prediction_job import Job, PredictOptions, make_forward, prepare
from kittiseg.pipeline.run import Run, provenance, versions
from kittiseg.pipeline.tally import Tally, and_more
from kittiseg.project.geometry import Size
from kittiseg.project.store import Draft, Files, Project

if TYPE_CHECKING:
    from kittiseg.training.checkpoints import Checkpoint

FAILED = "failed.txt"
"""In a project of predictions, the list of pictures that could not be predicted, and why."""

FEW = 20
"""Pictures whose sizes stand for those of all."""


@dataclass(frozen=True, kw_only=True)
class Predicted:
    """A project of predictions. ``seconds``: of the wall clock, the engine's start apart.

    ``windows``: that the network was shown; ``skipped``: those that the mode's ``skip`` spared it. ``digest`` is of
    every picture and annotation in it.
    """

    project: str
    images: int
    windows: int
    skipped: int = 0
    seconds: float
    digest: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def predict(run: Run, options: PredictOptions) -> Predicted:
    """Applies a model to the pictures of a project; the same command goes on with one that was stopped.

    Pictures that cannot be predicted are left out; the project then has a list of them, ``failed.txt``, and all is told
    in one DataError when the others are there. The same command tries them again.
    """
    job, checkpoint, model = prepare(run, options)
    config, project = job.config, job.project
    key = _resume_key(job, checkpoint)
    again = not options.overwrite and _is_incomplete(run, options.name, key)
    devices = check_devices(options.devices or config.devices)
    with run.drafts([options.name], overwrite=options.overwrite, key=key, reopen=again) as (draft,):
        workers = plan_workers(config.gpu_devices, devices, run.engine.resources())
        run.progress.notice(f"predicting on {workers}")
        _warn_of_scale(run, job.model, config, model.settings.input_size.size, project)
        draft.journal.begin()
        draft.files.remove(FAILED)
        for dataset in project.datasets:
            draft.add_dataset(dataset)
        if config.outputs:
            draft.files.write(CLASS_TABLE, class_table(model.classes.channels))
        begin = time.perf_counter()
        total = _run_tasks(run, job, draft, workers)
        seconds = time.perf_counter() - begin
        tally = total.tally
        if tally.failed and not tally.images:
            raise DataError(total.failure("not one picture could be predicted"))
        draft.files.remove(PARTS)
        facts = {
            "model": options.model.partition("@")[0],
            "checkpoint": checkpoint.number,
            "temperature": job.temperature,
            "config": to_json(config),
            "source": project.name,
            "digest": tally.digest,
            "failed": tally.failed,
            "key": key,
        }
        draft.commit(job.outputs.meta, provenance(run, "predict", **facts))
    if tally.failed:
        place = run.workspace.project(options.name).files.address(FAILED)
        text = f"{tally.failed} of {tally.sources} pictures could not be predicted; the others are in '{options.name}'"
        raise DataError(total.failure(f"{text}; all are listed in {place}; mend them and run it again"))
    return Predicted(
        project=options.name,
        images=tally.images,
        windows=total.windows,
        skipped=total.skipped,
        seconds=seconds,
        digest=tally.digest,
    )


def _run_tasks(run: Run, job: Job, draft: Draft, workers: Workers) -> "_Total":
    """Every picture, in tasks for the workers; those of a large picture follow when its size is known."""
    total = _Total()
    title, count = f"predict {draft.name}", job.project.images
    done = run.engine.map_with_state(
        _make_worker,
        {"job": job, "draft": draft},
        tasks_of(job.project.iter_keys(), count),
        workers=workers,
        name=title,
        follow=Parts().follow,
    )
    progress = run.metered("predict", project=draft.name)
    progress.start(title, count, "pictures")
    for results in done:
        for result in results:
            total.windows += result.windows
            total.skipped += result.skipped
            progress.count(windows=result.windows)
            if result.row is None:
                progress.advance(0, note=f"{result.key.name}: {total.windows} windows")
                continue
            if result.row.error is not None:
                draft.files.append(FAILED, f"{result.row.error}\n".encode())
            total.tally.add_row(result.row)
            progress.advance()
    progress.finish()
    return total


@dataclass
class _Total:
    """What all pictures gave, in constant memory."""

    tally: Tally = field(default_factory=Tally)
    windows: int = 0
    skipped: int = 0

    def failure(self, text: str) -> str:
        listed = "\n  ".join(and_more(self.tally.errors, self.tally.failed))
        return f"{text}\n  {listed}"


def _resume_key(job: Job, checkpoint: "Checkpoint") -> str:
    """Equal where a stopped prediction would have written the same of the same pictures.

    The devices do not count.
    """
    config = {key: value for key, value in to_json(job.config).items() if key not in ("devices", "gpu_devices")}
    meta = job.project.meta.to_json()
    facts = [config, job.temperature, checkpoint.digest, job.project.name, job.project.digest, meta, versions()]
    if job.skipping is not None and job.skipping.areas is not None:
        facts.append(job.skipping.areas.digest)
    return hashlib.blake2b(json.dumps(facts, sort_keys=True).encode(), digest_size=8).hexdigest()


def _is_incomplete(run: Run, name: str, key: str) -> bool:
    """Whether the project is there, of the same making, and lacks pictures that could not be predicted."""
    if name not in run.workspace.projects():
        return False
    known = run.workspace.project(name).provenance
    return known.get("key") == key and bool(known.get("failed"))


def _warn_of_scale(run: Run, model: Files, config: InferenceConfig, input_size: Size, project: Project) -> None:
    """Where the windows are not of the scale that the model's run.json has of its training."""
    from kittiseg.training.run_record import RUN, read_run
    from kittiseg.training.scale import Scale, misfit, sizes_array

    known = read_run(model).get("scale") if model.exists(RUN) else None
    if known is None:
        return
    sizes_n2, keys = None, project.keys()
    if isinstance(config.mode, FullImageSettings | RoiSettings):
        few = keys[:: max(len(keys) // FEW, 1)]
        sizes_n2 = sizes_array(project.annotation(key).image for key in few) if few else None
    warning = misfit(Scale.from_json(known), config, input_size, sizes_n2)
    if warning:
        run.progress.warn(warning)


def _make_worker(
    *, device: DeviceKind, threads: int, job: Job, draft: Draft
) -> Callable[[Task], list[PredictedPicture]]:
    forward = make_forward(device=device, threads=threads, job=job)
    predictor = Predictor(
        forward.one_by_one,
        classes=job.classes,
        batch_size=job.config.batch_size,
        probabilities=job.outputs.needs_probabilities,
    )
    return PredictionWorker(predictor, job.mode, job.outputs, project=job.project, draft=draft, skipping=job.skipping)
