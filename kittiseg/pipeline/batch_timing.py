"""How long a batch of windows takes, measured where it would be computed."""

import time
from collections.abc import Callable, Sequence

import numpy as np

from kittiseg.engine import DeviceKind, Workers
from kittiseg.inference.predictor import Forward
from kittiseg.pipeline.footprints import Footprint
from kittiseg.pipeline.run import Run

_WARM_UPS, _TIMED = 2, 2
_MOST_PIXELS = 64_000_000  # of a pass that is timed: of windows as large as a huge picture, a part of a batch will do


def measure(
    run: Run, make_forward: Callable[..., Forward], usual: Footprint, *, batch_size: int, workers: Workers
) -> float:
    """Seconds of a full batch of a picture's windows, on all workers at once, each with its share of the machine.

    ``make_forward(device=, threads=)`` loads the network in the worker, and can be pickled.
    """
    timed = max(1, min(batch_size, _MOST_PIXELS // usual.window.area))
    arguments = {"make_forward": make_forward, "usual": usual}
    chunks = [[timed]] * workers.count
    found = run.engine.map_with_state(_make_timer, arguments, chunks, workers=workers, name="time a batch")
    return sum(seconds for (seconds,) in found) / workers.count * batch_size / timed


def _make_timer(
    *, device: DeviceKind, threads: int, make_forward: Callable[..., Forward], usual: Footprint
) -> Callable[[Sequence[int]], list[float]]:
    forward = make_forward(device=device, threads=threads)
    return lambda batch_sizes: [_seconds_of(forward, usual, batch_size) for batch_size in batch_sizes]


def _seconds_of(forward: Forward, usual: Footprint, batch_size: int) -> float:
    """Of one pass over grey windows: the mean of two, after two that warm the network up."""
    windows_nhwc = np.full((batch_size, usual.window.height, usual.window.width, 3), 128, np.uint8)
    for _ in range(_WARM_UPS):
        forward(windows_nhwc, usual.input_size)
    begin = time.perf_counter()
    for _ in range(_TIMED):
        forward(windows_nhwc, usual.input_size)
    return (time.perf_counter() - begin) / _TIMED
