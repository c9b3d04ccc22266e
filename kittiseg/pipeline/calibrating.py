"""CALIBRATE: a temperature for a checkpoint, by its logits of the validation pictures: its probabilities fit then."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from kittiseg.engine import DeviceKind
from kittiseg.engine.devices import check_devices, plan_workers
from kittiseg.errors import DataError
from kittiseg.evaluation.calibration import calibration, fit_temperature
from kittiseg.pipeline.run import Run
from kittiseg.pipeline.training import find_source
from kittiseg.pipeline.validated import source_of
from kittiseg.progress import track
from kittiseg.project.item import ItemKey
from kittiseg.project.store import Files

if TYPE_CHECKING:
    from kittiseg.training.model import ModelConfig
    from kittiseg.training.pixel_sample import PixelSample, SampledChunk
    from kittiseg.training.sources import Source

MOST_PIXELS = 1 << 19
_CHUNK = 32
_NAMED = 5  # classes that a message names


@dataclass(frozen=True)
class CalibrateOptions:
    """What ``calibrate`` is asked for. ``model``: ``M``, ``M@27``, ``M@best`` or ``M@last``.

    ``project``: its name, or a query's file; None: what the model was trained on. ``devices``: as the configs have it.
    """

    model: str
    project: str | None = None
    devices: str = "auto"


@dataclass(frozen=True, kw_only=True)
class Calibrated:
    """A checkpoint's temperature, and how well its probabilities fit without and with it.

    ``before``, ``after``: as :meth:`~kittiseg.evaluation.calibration.Calibration.to_json` gives them, over ``pixels``
    that ``seed`` drew from all those of ``pictures``.
    """

    model: str
    checkpoint: int
    temperature: float
    source: str
    pictures: int
    pixels: int
    seed: int
    before: dict[str, Any]
    after: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def calibrate(run: Run, options: CalibrateOptions) -> Calibrated:
    """Fits a temperature on pictures with the tag that the model was validated with, and keeps it with the model.

    DataError where there are no such pictures, more are damaged than its config allows, or they have classes that the
    model does not know; WorkspaceError where another command is at the model.
    """
    from kittiseg.training.alone import alone_at
    from kittiseg.training.checkpoints import resolve
    from kittiseg.training.prepare import read_model_config
    from kittiseg.training.temperature import keep_calibration

    name, _, wanted = options.model.partition("@")
    files = run.workspace.model_files(name)
    with alone_at(run.workspace, name, resume=True):
        checkpoint = resolve(files, wanted or "last").number
        source = source_of(run, files) if options.project is None else find_source(run, options.project)
        _refuse_unknown_classes(source, read_model_config(files))
        pictures, sample = _sample(run, name, _Job(files, checkpoint, source, run.seed), options.devices)
        temperature = fit_temperature(sample.logits_nc, sample.labels_n)
        before, after = (
            calibration(sample.logits_nc, sample.labels_n, temperature=each).to_json() for each in (1.0, temperature)
        )
        found = Calibrated(
            model=name,
            checkpoint=checkpoint,
            temperature=temperature,
            source=source.label,
            pictures=pictures,
            pixels=len(sample),
            seed=run.seed,
            before=before,
            after=after,
        )
        keep_calibration(files, checkpoint, found.to_json())
    return found


@dataclass(frozen=True)
class _Job:
    """What a worker needs to begin."""

    model: Files
    checkpoint: int
    source: "Source"
    seed: int


def _sample(run: Run, name: str, job: _Job, devices: str) -> "tuple[int, PixelSample]":
    """How many validation pictures there are, and pixels of them."""
    from kittiseg.training.pixel_sample import PixelSample, lowest
    from kittiseg.training.prepare import read_model_config
    from kittiseg.training.reading import SampleReader

    model, keys = read_model_config(job.model), job.source.keys
    workers = plan_workers(model.settings.gpu_devices, check_devices(devices), run.engine.resources())
    run.progress.notice(f"calibrating on {workers}")
    title = f"calibrate {name}"
    done = run.engine.map_with_state(
        _make_sampler,
        {"job": job},
        [keys[start : start + _CHUNK] for start in range(0, len(keys), _CHUNK)],
        workers=workers,
        name=title,
    )
    sample, chunks = PixelSample.none(len(model.classes)), []
    progress = run.metered("calibrate", model=name)
    for (found,) in track(
        done, progress, title=title, total=len(keys), unit="pictures", size=lambda rows: rows[0].chunk.read
    ):
        sample = lowest([sample, found.pixels], most=MOST_PIXELS)
        chunks.append(found.chunk)
    index = SampleReader(job.source, model.settings, model.classes).gather("val", chunks)
    if not len(sample):
        raise DataError(f"the {len(index)} validation pictures of {job.source.label} are neutral everywhere")
    return len(index), sample


def _make_sampler(
    *, device: DeviceKind, threads: int, job: _Job
) -> "Callable[[Sequence[ItemKey]], list[SampledChunk]]":
    """Loads the network once, in the worker."""
    import torch

    from kittiseg.training.checkpoints import load_network, resolve
    from kittiseg.training.devices import resolve_precision, torch_device
    from kittiseg.training.inputs import Forward
    from kittiseg.training.pixel_sample import LogitSampler
    from kittiseg.training.reading import SampleReader

    torch.set_num_threads(threads)
    network, model = load_network(job.model, resolve(job.model, str(job.checkpoint)))
    place = torch_device(device)
    network = network.to(device=place, memory_format=torch.channels_last)  # type: ignore[call-overload]
    forward = Forward(network, place, resolve_precision(model.settings.precision, place))
    reader = SampleReader(job.source, model.settings, model.classes)
    return LogitSampler(reader, forward, most=MOST_PIXELS, seed=job.seed)


def _refuse_unknown_classes(source: "Source", model: "ModelConfig") -> None:
    """They would be taken for background."""
    unknown = [title for title in source.meta.shapes if title not in model.classes.index]
    if unknown:
        more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
        raise DataError(
            f"{source.label} has classes that the model does not know: {', '.join(unknown[:_NAMED])}{more}; it knows "
            f"{', '.join(model.classes.index)}; map them by a query, and name its file by --project"
        )
