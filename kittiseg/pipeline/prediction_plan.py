"""What a prediction will take, before it is made: windows, batches, memory, and time by a measured pass."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from kittiseg.engine.devices import check_devices, plan_workers
from kittiseg.inference.tasks import LARGEST_CHUNK
from kittiseg.inference.worker import AHEAD
from kittiseg.pipeline.batch_timing import measure
from kittiseg.pipeline.footprints import Footprint, count_footprints, usual_footprint
from kittiseg.pipeline.prediction_job import PredictOptions, make_forward, prepare
from kittiseg.pipeline.run import Run
from kittiseg.project.geometry import Size

MOST_SIZES = 10
"""So many sizes are told of one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SizePlan:
    """The pictures of one size. ``windows``: over one of them, on average. ``batches``: for all. Both at most.

    ``amplification``: px of the windows per px of the picture, so 4 where each is seen four times. ``parts``: pieces
    that a large picture is done in, each by itself, and ``memory``: bytes that a worker holds at most, the network and
    what it computes in between apart; both of the picture that has most.
    """

    height: int
    width: int
    pictures: int
    windows: float
    batches: int
    amplification: float
    parts: int
    memory: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionPlan:
    """All of a project. ``sizes``: those of the most pictures; ``others``: how many sizes are not among them.

    ``windows``: so many the network is shown at most, and ``windows_at_least`` at least. Both are the same but where
    the mode's ``skip`` decides by what is seen in a picture. ``skipped``: those that it spares without a look.
    ``amplification``: as that of a size, over all pictures. ``memory``: bytes per worker, of the size that needs most.
    ``seconds``: of computing, on so many workers; reading, writing and the start of workers come on top.
    """

    pictures: int
    windows: int
    windows_at_least: int
    skipped: int
    batches: int
    amplification: float
    memory: int
    seconds: float
    seconds_per_batch: float
    batch_size: int
    workers: int
    sizes: tuple[SizePlan, ...]
    others: int

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What the windows of a prediction cost.

    ``seconds_per_batch``: of a full batch on one worker, of windows seen at ``input_size``; those that are seen larger
    take longer. With ``probabilities`` these are kept as well as labels, and weights where ``skip`` ``leaves_gaps``.
    """

    classes: int
    batch_size: int
    seconds_per_batch: float
    input_size: Size | None = None
    workers: int = 1
    probabilities: bool = False
    leaves_gaps: bool = False


def plan_prediction(pictures: Mapping[Footprint, int], costs: Costs) -> PredictionPlan:
    """The plan for so many pictures of each footprint.

    Batches are counted as if all windows of a size of pictures shared them; the last one of a task may be smaller.
    """
    by_size: dict[Size, Counter[Footprint]] = {}
    for footprint, count in pictures.items():
        by_size.setdefault(footprint.size, Counter())[footprint] += count
    ranked = sorted(by_size.items(), key=lambda entry: (-entry[1].total(), -entry[0].area, entry[0]))
    plans = [_size_plan(size, alike, costs) for size, alike in ranked]
    shown = sum(footprint.shown * count for footprint, count in pictures.items())
    pixels = sum(footprint.size.area * count for footprint, count in pictures.items())
    return PredictionPlan(
        pictures=sum(pictures.values()),
        windows=sum(footprint.windows * count for footprint, count in pictures.items()),
        windows_at_least=sum((footprint.windows - footprint.unsure) * count for footprint, count in pictures.items()),
        skipped=sum(footprint.skipped * count for footprint, count in pictures.items()),
        batches=sum(plan.batches for plan in plans),
        amplification=shown / pixels if pixels else 0.0,
        memory=max((plan.memory for plan in plans), default=0),
        seconds=sum(_seconds(footprint, costs) * count for footprint, count in pictures.items()) / costs.workers,
        seconds_per_batch=costs.seconds_per_batch,
        batch_size=costs.batch_size,
        workers=costs.workers,
        sizes=tuple(plans[:MOST_SIZES]),
        others=max(len(plans) - MOST_SIZES, 0),
    )


def _size_plan(size: Size, alike: Counter[Footprint], costs: Costs) -> SizePlan:
    pictures = alike.total()
    windows = sum(footprint.windows * count for footprint, count in alike.items())
    return SizePlan(
        height=size.height,
        width=size.width,
        pictures=pictures,
        windows=windows / pictures,
        batches=-(-windows // costs.batch_size),
        amplification=sum(footprint.shown * count for footprint, count in alike.items()) / (size.area * pictures),
        parts=max(footprint.parts for footprint in alike),
        memory=max(peak_memory(footprint, costs, pictures=pictures) for footprint in alike),
    )


def _seconds(footprint: Footprint, costs: Costs) -> float:
    """Of the windows of one picture, on one worker."""
    seconds = footprint.windows / costs.batch_size * costs.seconds_per_batch
    if footprint.input_size is None or costs.input_size is None:
        return seconds
    return seconds * footprint.input_size.area / costs.input_size.area


def peak_memory(footprint: Footprint, costs: Costs, *, pictures: int) -> int:
    """Bytes that a worker holds at most where it meets so many pictures like this one, the network's own apart.

    A batch is its windows as uint8 RGB and their scores as float32; one is filled while another is computed. All
    stitchers are open whose regions share them.
    Of pictures whose windows may be skipped, each may wait with one; the scores of a first pass are kept until its end.
    Pictures that are read ahead, or wait to be written, are those that are done in one part.
    """
    if not footprint.regions:
        return 3 * footprint.decoded
    together = 1 if footprint.is_large else min(pictures, LARGEST_CHUNK)
    batches = min(2 * costs.batch_size, together * footprint.windows)
    stitchers = 1 if footprint.is_large else min(_most_open(footprint, costs, batches), together * footprint.regions)
    stitcher = (
        costs.classes + costs.leaves_gaps
    ) * footprint.open + costs.classes * footprint.glanced * footprint.window.area
    held = min(together, AHEAD + 2)
    result = 1 + 4 * costs.classes * costs.probabilities
    return (
        stitchers * 4 * stitcher
        + batches * footprint.window.area * (3 + costs.classes * 4)
        + held * (3 * footprint.decoded + result * footprint.scored)
    )


def _most_open(footprint: Footprint, costs: Costs, waiting: int) -> int:
    """Regions that may share the windows that wait; see :class:`~kittiseg.inference.predictor.Predictor`."""
    if footprint.is_sieved:
        return 2 * costs.batch_size + 1
    return math.ceil((waiting - 1) / (footprint.windows / footprint.regions)) + 1


def plan_predict(run: Run, options: PredictOptions) -> PredictionPlan:
    """What :func:`~kittiseg.pipeline.predicting.predict` would take. Nothing is written.

    DataError where it would have nothing to do, or a picture cannot be done.
    """
    job, *_ = prepare(run, options)
    config = job.config
    devices = check_devices(options.devices or config.devices)
    pictures = count_footprints(run, job.project, job.mode, job.skipping)
    usual = usual_footprint(pictures)
    workers = plan_workers(config.gpu_devices, devices, run.engine.resources())
    run.progress.notice(f"timing a batch on {workers}")
    seconds = measure(run, partial(make_forward, job=job), usual, batch_size=config.batch_size, workers=workers)
    costs = Costs(
        classes=job.classes,
        batch_size=config.batch_size,
        seconds_per_batch=seconds,
        input_size=usual.input_size,
        workers=workers.count,
        probabilities=job.outputs.needs_probabilities,
        leaves_gaps=job.skipping is not None and job.skipping.leaves_gaps,
    )
    return plan_prediction(pictures, costs)
