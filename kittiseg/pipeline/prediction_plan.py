"""What a prediction will take, before it is made: windows, batches, memory, and time by a measured pass."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from kittiseg.engine import DeviceKind, Workers
from kittiseg.errors import DataError
from kittiseg.inference.modes import Mode
from kittiseg.pipeline.run import Run
from kittiseg.project.geometry import Size, Window
from kittiseg.project.item import ItemKey
from kittiseg.project.store import Project

MOST_SIZES = 10
"""So many sizes are told of one by one."""

_WARM_UPS, _TIMED = 2, 2
_MOST_PIXELS = 64_000_000  # of a pass that is timed: of windows as large as a huge picture, a part of a batch will do

Forward = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True)
class SizePlan:
    """The pictures of one size. ``windows``: over each of them. ``batches``: for all.

    ``amplification``: px of the windows per px of the picture, so 4 where each is seen four times. ``parts``: pieces
    that a large picture is done in, each by itself. ``memory``: bytes that a worker holds at most, the network and what
    it computes in between apart.
    """

    height: int
    width: int
    pictures: int
    windows: int
    batches: int
    amplification: float
    parts: int
    memory: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionPlan:
    """All of a project. ``sizes``: those of the most pictures; ``others``: how many sizes are not among them.

    ``amplification``: as that of a size, over all pictures. ``memory``: bytes per worker, of the size that needs most.
    ``seconds``: of computing, on so many workers; reading, writing and the start of workers come on top.
    """

    pictures: int
    windows: int
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
    """What the windows of a prediction cost. ``seconds_per_batch``: of a full batch on one worker.

    ``parts``: in how many a picture of a size is done. ``decoded``: bytes of its pixels that are held at once; by
    default all, as a picture that is decoded whole.
    """

    classes: int
    batch_size: int
    seconds_per_batch: float
    workers: int = 1
    parts: Callable[[Size], int] = lambda size: 1
    decoded: Callable[[Size], int] = lambda size: 3 * size.area


def plan_prediction(sizes: Mapping[Size, int], mode: Mode, costs: Costs) -> PredictionPlan:
    """The plan for so many pictures of each size.

    Batches are counted as if all windows of a size shared them; the last one of a worker's share may be smaller.
    """
    ranked = sorted(sizes.items(), key=lambda entry: (-entry[1], -entry[0].area, entry[0]))
    plans = [_size_plan(size, count, mode, costs) for size, count in ranked]
    batches = sum(plan.batches for plan in plans)
    shown = sum(plan.amplification * plan.height * plan.width * plan.pictures for plan in plans)
    pixels = sum(size.area * count for size, count in ranked)
    return PredictionPlan(
        pictures=sum(sizes.values()),
        windows=sum(plan.windows * plan.pictures for plan in plans),
        batches=batches,
        amplification=shown / pixels if pixels else 0.0,
        memory=max((plan.memory for plan in plans), default=0),
        seconds=batches * costs.seconds_per_batch / costs.workers,
        seconds_per_batch=costs.seconds_per_batch,
        batch_size=costs.batch_size,
        workers=costs.workers,
        sizes=tuple(plans[:MOST_SIZES]),
        others=max(len(plans) - MOST_SIZES, 0),
    )


def _size_plan(size: Size, pictures: int, mode: Mode, costs: Costs) -> SizePlan:
    windows = mode.layout(size).windows
    return SizePlan(
        height=size.height,
        width=size.width,
        pictures=pictures,
        windows=len(windows),
        batches=-(-pictures * len(windows) // costs.batch_size),
        amplification=sum(window.area for window in windows) / size.area,
        parts=costs.parts(size),
        memory=peak_memory(windows, costs) + costs.decoded(size),
    )


def peak_memory(windows: Sequence[Window], costs: Costs) -> int:
    """Bytes that the windows of one picture take, its own pixels apart.

    The stitcher holds two bands of float32 scores as high as a window and as wide as the picture; the batch its windows
    as uint8 RGB and their scores as float32.
    """
    highest, widest = max(window.height for window in windows), max(window.right for window in windows)
    largest = max(window.area for window in windows)
    stitcher = costs.classes * highest * widest * 4 * 2
    return stitcher + costs.batch_size * largest * (3 + costs.classes * 4)


def count_sizes(run: Run, project: Project) -> Counter[Size]:
    """How many pictures of each size the project has, by its annotations."""
    keys = project.keys()
    return Counter(run.map_light(partial(_size_of, project), keys, title=f"sizes of {project.name}", unit="pictures"))


def _size_of(project: Project, key: ItemKey) -> Size:
    return project.annotation(key).image


def usual_window(sizes: Mapping[Size, int], mode: Mode) -> Size:
    """The size of the window of which the network is given the most; DataError where there are no pictures."""
    shown: Counter[Size] = Counter()
    for size, count in sizes.items():
        for window in mode.layout(size).windows:
            shown[window.size] += count
    if not shown:
        raise DataError("there are no pictures, so there is nothing to plan; see kittiseg projects")
    return max(shown, key=lambda window: (shown[window], window))


def measure(
    run: Run, make_forward: Callable[..., Forward], window: Size, *, batch_size: int, workers: Workers
) -> float:
    """Seconds of a full batch, measured on all workers at once, each with its share of the machine.

    ``make_forward(device=, threads=)`` loads the network in the worker, and can be pickled.
    """
    timed = max(1, min(batch_size, _MOST_PIXELS // window.area))
    arguments = {"make_forward": make_forward, "window": window}
    chunks = [[timed]] * workers.count
    found = run.engine.map_with_state(_make_timer, arguments, chunks, workers=workers, name="time a batch")
    return sum(seconds for (seconds,) in found) / workers.count * batch_size / timed


def _make_timer(
    *, device: DeviceKind, threads: int, make_forward: Callable[..., Forward], window: Size
) -> Callable[[Sequence[int]], list[float]]:
    forward = make_forward(device=device, threads=threads)
    return lambda batch_sizes: [seconds_of(forward, window, batch_size) for batch_size in batch_sizes]


def seconds_of(forward: Forward, window: Size, batch_size: int) -> float:
    """Of one pass over grey windows: the mean of two, after two that warm the network up."""
    windows_nhwc = np.full((batch_size, window.height, window.width, 3), 128, np.uint8)
    for _ in range(_WARM_UPS):
        forward(windows_nhwc)
    begin = time.perf_counter()
    for _ in range(_TIMED):
        forward(windows_nhwc)
    return (time.perf_counter() - begin) / _TIMED
