from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from kittiseg.engine import Workers
from kittiseg.pipeline.batch_timing import measure
from kittiseg.project.geometry import Size
from kittiseg.project.store import Workspace
from tests.data.footprints import mode_of, sized
from tests.data.runs import run_in


@pytest.mark.parametrize(
    ("window", "timed"), [(Size(height=4, width=6), 16), (Size(height=5000, width=5000), 2)], ids=str
)
def test_a_full_batch_is_timed_after_two_that_warm_up(workspace: Workspace, window: Size, timed: int):
    """Four passes at the size that the network sees; of windows that are huge, a part of a batch."""
    seen: list[tuple[tuple[int, ...], Size | None]] = []

    def make_forward(*, device: str, threads: int) -> Callable[[np.ndarray, Size | None], np.ndarray]:
        def forward(windows_nhwc: np.ndarray, input_size: Size | None = None) -> np.ndarray:
            seen.append((windows_nhwc.shape, input_size))
            return windows_nhwc

        return forward

    usual = replace(sized(window, mode_of(source="full_image")), input_size=Size(height=8, width=8))
    seconds = measure(run_in(workspace), make_forward, usual, batch_size=16, workers=Workers(count=1))

    assert seen == [((timed, window.height, window.width, 3), Size(height=8, width=8))] * 4
    assert seconds > 0
