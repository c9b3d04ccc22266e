"""PREDICT: a model is applied to the whole pictures of a project."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kittiseg.config import load, to_json
from kittiseg.engine import DeviceKind
from kittiseg.engine.devices import check_devices, plan_workers
from kittiseg.errors import DataError
from kittiseg.inference.config import FullImageSettings, InferenceConfig
from kittiseg.inference.modes import make_mode
from kittiseg.inference.outputs import Outputs, plan_outputs
from kittiseg.inference.predictor import Predictor
from kittiseg.inference.worker import PredictedPicture, PredictionWorker, chunks_of
from kittiseg.pipeline.run import Run, provenance
from kittiseg.progress import Progress
from kittiseg.project.geometry import Size
from kittiseg.project.item import ItemKey
from kittiseg.project.store import Draft, Files, Project

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
    """A project of predictions. ``seconds``: of the wall clock, the engine's start apart."""

    project: str
    images: int
    windows: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def predict(run: Run, options: PredictOptions) -> Predicted:
    """Applies a model to the pictures of a project; damaged pictures are all named in one DataError."""
    from kittiseg.training.checkpoints import resolve
    from kittiseg.training.prepare import read_model_config

    config = load(InferenceConfig, options.config)
    project = run.workspace.project(options.project)
    name, _, wanted = options.model.partition("@")
    files = run.workspace.model_files(name)
    checkpoint = resolve(files, wanted or "last")
    model = read_model_config(files)
    outputs = plan_outputs(config, model.classes.channels, project.meta, source=str(options.config))
    devices = check_devices(options.devices or config.devices)
    with run.drafts([options.name], overwrite=options.overwrite) as (draft,):
        workers = plan_workers(config.gpu_devices, devices, run.engine.resources())
        run.progress.notice(f"predicting on {workers}")
        _warn_of_scale(run, files, config, model.settings.input_size.size, project)
        for dataset in project.datasets:
            draft.add_dataset(dataset)
        arguments = {"job": _Job(files, str(checkpoint.number), config, outputs, project, draft)}
        chunks = chunks_of(project.keys())
        begin = time.perf_counter()
        done = run.engine.map_with_state(
            _make_worker, arguments, chunks, workers=workers, name=f"predict {options.name}"
        )
        rows = list(_tracked(done, run.progress, title=f"predict {options.name}", total=sum(map(len, chunks))))
        seconds = time.perf_counter() - begin
        errors = [f"{row.key}: {row.error}" for row in rows if row.error is not None]
        if errors:
            listed = "\n  ".join(errors)
            raise DataError(f"{len(errors)} of {len(rows)} pictures could not be predicted\n  {listed}")
        facts = {"model": name, "checkpoint": checkpoint.number, "config": to_json(config), "source": project.name}
        draft.commit(outputs.meta, provenance(run, "predict", **facts))
    windows = sum(row.windows for row in rows)
    return Predicted(project=options.name, images=len(rows), windows=windows, seconds=seconds)


def _warn_of_scale(run: Run, model: Files, config: InferenceConfig, input_size: Size, project: Project) -> None:
    """Where the windows are not of the scale that the model's run.json has of its training."""
    from kittiseg.training.run_record import RUN, read_run
    from kittiseg.training.scale import Scale, misfit, sizes_array

    known = read_run(model).get("scale") if model.exists(RUN) else None
    if known is None:
        return
    sizes_n2, keys = None, project.keys()
    if isinstance(config.mode, FullImageSettings):
        few = keys[:: max(len(keys) // FEW, 1)]
        sizes_n2 = sizes_array(project.annotation(key).image for key in few) if few else None
    warning = misfit(Scale.from_json(known), config, input_size, sizes_n2)
    if warning:
        run.progress.warn(warning)


@dataclass(frozen=True)
class _Job:
    """What a worker needs to begin."""

    model: Files
    checkpoint: str
    config: InferenceConfig
    outputs: Outputs
    project: Project
    draft: Draft


def _make_worker(
    *, device: DeviceKind, threads: int, job: _Job
) -> Callable[[Sequence[ItemKey]], list[PredictedPicture]]:
    """Loads the network once, in the worker."""
    from kittiseg.inference.network import NetworkForward
    from kittiseg.training.checkpoints import load_network, resolve

    network, model = load_network(job.model, resolve(job.model, job.checkpoint))
    side = model.settings.input_size
    forward = NetworkForward(
        network,
        input_size=Size(height=side.height, width=side.width),
        device=device,
        precision=job.config.precision,
        threads=threads,
    )
    mode = make_mode(job.config.mode)
    predictor = Predictor(forward, mode, classes=len(model.classes), batch_size=job.config.batch_size)
    return PredictionWorker(predictor, job.outputs, project=job.project, draft=job.draft)


def _tracked(
    done: Iterable[list[PredictedPicture]], progress: Progress, *, title: str, total: int
) -> Iterator[PredictedPicture]:
    progress.start(title, total, "pictures")
    for rows in done:
        yield from rows
        progress.advance(len(rows))
    progress.finish()
