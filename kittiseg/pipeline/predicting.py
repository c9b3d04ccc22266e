"""PREDICT: a model is applied to the whole pictures of a project."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kittiseg.config import load, to_json
from kittiseg.engine import DeviceKind, Workers
from kittiseg.engine.devices import check_devices, plan_workers
from kittiseg.errors import ConfigError, DataError, Problem
from kittiseg.inference.config import (
    FullImageSettings,
    InferenceConfig,
    RoiSettings,
    SlidingWindowSettings,
    WholeSettings,
)
from kittiseg.inference.modes import Sight, make_mode
from kittiseg.inference.outputs import Outputs, plan_outputs
from kittiseg.inference.predictor import Predictor
from kittiseg.inference.skip import Skipping, plan_skipping
from kittiseg.inference.tasks import Parts, Task, tasks_of
from kittiseg.inference.worker import PARTS, PredictedPicture, PredictionWorker
from kittiseg.inference.writers import CLASS_TABLE, check_stems, class_table
from kittiseg.pipeline.run import Run, provenance, versions
from kittiseg.pipeline.tally import Tally, and_more
from kittiseg.project.geometry import Size
from kittiseg.project.store import Draft, Files, Project

if TYPE_CHECKING:
    from torch import nn

    from kittiseg.training.checkpoints import Checkpoint
    from kittiseg.training.model import ModelConfig

FAILED = "failed.txt"
"""In a project of predictions, the list of pictures that could not be predicted, and why."""

FEW = 20
"""Pictures whose sizes stand for those of all."""


@dataclass(frozen=True)
class PredictOptions:
    """What ``predict`` is asked for. ``model``: ``M``, ``M@27``, ``M@best`` or ``M@last``."""

    config: Path
    model: str
    project: str
    name: str
    devices: str | None = None
    overwrite: bool = False


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
    job, checkpoint, model = _prepare(run, options)
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
            "config": to_json(config),
            "source": project.name,
            "digest": tally.digest,
            "failed": tally.failed,
            "key": key,
        }
        draft.commit(job.outputs.meta, provenance(run, "predict", **facts))
    if tally.failed:
        place = run.workspace.files.path(f"projects/{options.name}/{FAILED}")
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


@dataclass(frozen=True)
class _Job:
    """What a worker needs to begin."""

    model: Files
    checkpoint: str
    config: InferenceConfig
    outputs: Outputs
    project: Project
    temperature: float = 1.0
    skipping: Skipping | None = None


def _prepare(run: Run, options: PredictOptions) -> tuple[_Job, "Checkpoint", "ModelConfig"]:
    """Everything that can be wrong is found here, before a picture is read."""
    from kittiseg.training.checkpoints import resolve
    from kittiseg.training.classes import BACKGROUND
    from kittiseg.training.prepare import read_model_config

    config = load(InferenceConfig, options.config)
    project = run.workspace.project(options.project)
    name, _, wanted = options.model.partition("@")
    files = run.workspace.model_files(name)
    checkpoint = resolve(files, wanted or "last")
    model = read_model_config(files)
    outputs = plan_outputs(config, model.classes.channels, project.meta, source=str(options.config))
    if config.outputs:
        check_stems(project.iter_keys())
    skip = config.mode.skip if isinstance(config.mode, SlidingWindowSettings) else None
    skipping = plan_skipping(skip, project.meta, background=BACKGROUND, source=str(options.config))
    return _Job(files, str(checkpoint.number), config, outputs, project, skipping=skipping), checkpoint, model


def _run_tasks(run: Run, job: _Job, draft: Draft, workers: Workers) -> "_Total":
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
    run.progress.start(title, count, "pictures")
    for results in done:
        for result in results:
            total.windows += result.windows
            total.skipped += result.skipped
            if result.row is None:
                run.progress.advance(0, note=f"{result.key.name}: {total.windows} windows")
                continue
            if result.row.error is not None:
                draft.files.append(FAILED, f"{result.row.error}\n".encode())
            total.tally.add_row(result.row)
            run.progress.advance()
    run.progress.finish()
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


def _resume_key(job: _Job, checkpoint: "Checkpoint") -> str:
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
    *, device: DeviceKind, threads: int, job: _Job, draft: Draft
) -> Callable[[Task], list[PredictedPicture]]:
    """Loads the network once, in the worker."""
    from kittiseg.inference.network import NetworkForward
    from kittiseg.training.checkpoints import load_network, resolve

    config = job.config
    network, model = load_network(job.model, resolve(job.model, job.checkpoint))
    side = model.settings.input_size.size
    forward = NetworkForward(
        network,
        input_size=side,
        device=device,
        precision=config.precision,
        threads=threads,
        augment=config.augment,
        temperature=job.temperature,
    )
    mode = make_mode(config.mode, sight_of(network, side) if isinstance(config.mode, WholeSettings) else None)
    predictor = Predictor(
        forward,
        classes=len(model.classes),
        batch_size=config.batch_size,
        probabilities=job.outputs.needs_probabilities,
    )
    return PredictionWorker(predictor, mode, job.outputs, project=job.project, draft=draft, skipping=job.skipping)


def sight_of(network: "nn.Module", input_size: Size) -> Sight:
    """What the mode ``whole`` asks of a network. ConfigError where it looks at its whole input, wherever that ends."""
    from kittiseg.inference.network import multiple_of
    from kittiseg.inference.receptive_field import receptive_field

    halo = receptive_field(network)
    if halo is None:
        message = "this network averages over its whole input, so that tiles would not agree; take sliding_window"
        raise ConfigError("the inference config", [Problem("/mode/source", message)])
    return Sight(input_size, multiple_of(network), halo)
