"""Where windows lie on a picture."""

import json
from itertools import pairwise
from math import ceil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiseg.project.geometry import Size, Window
from kittiseg.project.windows import place_windows


def test_the_tutorials_plan_has_28_windows():
    """1242 x 375 with 370 x 370 and an overlap of 300/0: 14 columns, the last moved back to 872, in 2 rows."""
    windows = place_windows(Size(height=375, width=1242), Size(height=370, width=370), Size(height=0, width=300))

    assert [w.left for w in windows[:14]] == [*range(0, 841, 70), 872]
    assert [w.top for w in windows] == [0] * 14 + [5] * 14


def test_layouts_are_those_of_the_original(oracle: Path):
    """All 40 layouts of 2018 come out window by window, in order, and what it refused is refused."""
    cases = json.loads((oracle / "windows.json").read_text())
    assert len(cases) == 40
    for case in cases:
        image, window, overlap = (
            Size(height=h, width=w) for w, h in (case[key] for key in ("image", "window", "min_overlap"))
        )
        if "error" in case:
            with pytest.raises(ValueError, match=r"make it smaller|make the window smaller"):
                place_windows(image, window, overlap)
        else:
            placed = [[w.left, w.top, w.right, w.bottom] for w in place_windows(image, window, overlap)]
            assert placed == case["windows"], case


@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_the_number_of_windows_follows_the_formula(length: int, window: int, data: st.DataObject):
    """ceil((size - window) / stride) + 1 windows along an axis, neighbours sharing at least the overlap."""
    window = min(window, length)
    overlap = data.draw(st.integers(0, window - 1))

    placed = place_windows(Size(height=1, width=length), Size(height=1, width=window), Size(height=0, width=overlap))

    assert len(placed) == ceil((length - window) / (window - overlap)) + 1
    assert all(a.right - b.left >= overlap for a, b in pairwise(placed))
    assert placed[-1].right == length


@st.composite
def plans(draw: st.DrawFn) -> tuple[Size, list[Window]]:
    """A picture and a layout of windows on it."""
    axes = []
    for _ in range(2):
        length = draw(st.integers(1, 24))
        window = draw(st.integers(1, length))
        axes.append((length, window, draw(st.integers(0, window - 1))))
    image, window, overlap = (Size(height=h, width=w) for h, w in zip(*axes, strict=True))
    return image, place_windows(image, window, overlap)


@given(plans())
def test_every_pixel_is_covered_and_no_window_twice(plan: tuple[Size, list[Window]]):
    """No layout leaves a pixel out, repeats a window, or looks outside."""
    image, windows = plan
    counts_hw = np.zeros((image.height, image.width), int)
    for window in windows:
        counts_hw[window.slices] += 1

    assert counts_hw.all()
    assert len(set(windows)) == len(windows)
    assert all(Window.whole(image).contains(window) for window in windows)


def test_windows_of_no_step_or_too_large_are_refused():
    """Both errors say which axis and what to do."""
    image, window = Size(height=20, width=10), Size(height=10, width=10)

    with pytest.raises(ValueError, match="overlap of 10 px leaves a window 10 px wide no step"):
        place_windows(image, window, Size(height=0, width=10))
    with pytest.raises(ValueError, match="window is 21 px high but the picture 20"):
        place_windows(image, Size(height=21, width=10), Size(height=0, width=0))
