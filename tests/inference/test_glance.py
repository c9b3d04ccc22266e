"""A first pass by larger windows."""

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kittiseg.inference.config import SlidingWindowSettings, WindowOverlap, WindowSize
from kittiseg.inference.glance import Glance
from kittiseg.inference.grid import Grid, place
from kittiseg.inference.modes import make_mode
from kittiseg.inference.regions import Region, pad_by_reflection
from kittiseg.inference.skip import Coarse
from kittiseg.project.annotation import Annotation
from kittiseg.project.geometry import Size, Window
from kittiseg.project.pixels import LazyImage
from tests.data.forwards import by_place
from tests.data.projects import picture
from tests.data.windows import grids


def region_of(grid: Grid) -> Region:
    return Region(Window.whole(grid.canvas), grid)


def seen_by(glance: Glance, image_hwc: np.ndarray, windows: list[Window]) -> Glance:
    for cell in glance.cells(windows):
        pixels_hwc = glance.reduced(glance.cut(LazyImage.from_array(image_hwc), cell))
        glance.add(cell, by_place(pixels_hwc[None])[0])
    return glance


def first_pass(image_hwc: np.ndarray, window: Size, factor: int) -> tuple[np.ndarray, int, int]:
    """By brute force: the scores over all of a picture that is padded to the pass's windows, and the padding."""
    size = Size(height=factor * window.height, width=factor * window.width)
    more = [max(side - length, 0) for side, length in zip((size.height, size.width), image_hwc.shape, strict=False)]
    top, left = (length // 2 for length in more)
    padded_hwc = pad_by_reflection(image_hwc, (top, more[0] - top, left, more[1] - left))
    scores_chw = np.full((3, *padded_hwc.shape[:2]), np.nan, np.float32)
    for first in reversed(place(padded_hwc.shape[0], size.height, 0).starts):
        for begin in reversed(place(padded_hwc.shape[1], size.width, 0).starts):
            inside = slice(first, first + size.height), slice(begin, begin + size.width)
            small_hwc = cv2.resize(padded_hwc[inside], (window.width, window.height), interpolation=cv2.INTER_AREA)
            for index, scores_hw in enumerate(by_place(small_hwc[None])[0]):
                scores_chw[index][inside] = cv2.resize(scores_hw, (size.width, size.height))
    return scores_chw, top, left


@given(grids(), st.integers(2, 4))
def test_windows_are_cut_out_of_the_first_pass(grid: Grid, factor: int):
    """Its scores, enlarged; where two of its windows see the same, the first one's."""
    image_hwc = picture(grid.canvas)
    glance = seen_by(Glance(region_of(grid), Coarse(factor=factor), 0), image_hwc, grid.windows)

    scores_chw, top, left = first_pass(image_hwc, grid.window, factor)
    for window in grid.windows:
        rows, columns = window.moved(down=top, right=left).slices
        np.testing.assert_allclose(glance.scores(window), scores_chw[:, rows, columns], rtol=1e-4, atol=1e-4)


def test_a_picture_smaller_than_a_window_is_padded_to_the_first_pass():
    """Both paddings are centred, so that the window shows the middle of what the first pass saw."""
    settings = SlidingWindowSettings(window=WindowSize(width=6, height=6), min_overlap=WindowOverlap())
    image_hwc = picture(Size(height=3, width=5))
    (region,) = make_mode(settings).regions(Annotation(Size(height=3, width=5)))
    glance = seen_by(Glance(region, Coarse(factor=2), 0), image_hwc, region.grid.windows)

    scores_chw, top, left = first_pass(image_hwc, Size(height=6, width=6), 2)

    assert (top, left) == (4, 3)
    found_chw = glance.scores(region.grid.windows[0])[:, 1:4, 0:5]
    np.testing.assert_allclose(found_chw, scores_chw[:, top : top + 3, left : left + 5], rtol=1e-5)


@given(grids(), st.integers(0, 99))
def test_a_few_windows_need_a_part_of_the_first_pass(grid: Grid, choice: int):
    """What is found in one does not depend on what else was asked for."""
    image_hwc, window = picture(grid.canvas), grid.windows[choice % grid.count]
    alone, all_of_it = Glance(region_of(grid), Coarse(), 0), Glance(region_of(grid), Coarse(), 0)

    seen_by(alone, image_hwc, [window])
    seen_by(all_of_it, image_hwc, grid.windows)

    np.testing.assert_array_equal(alone.scores(window), all_of_it.scores(window))
    assert set(alone.cells([window])) <= set(all_of_it.cells(grid.windows))


def test_a_glance_is_enough_where_no_object_is_likely():
    """The background may be as likely as it will; ``below`` itself is too much; and so is what was not seen."""
    grid = Grid(place(8, 2, 0), place(16, 2, 0))
    glance = Glance(region_of(grid), Coarse(factor=4, below=0.25), 1)
    near, edge, far = (Window(top=2, left=left, height=2, width=2) for left in (0, 6, 10))
    scores_chw = np.zeros((3, 2, 2), np.float32)
    scores_chw[1], scores_chw[2] = 0.9, 0.1

    assert not glance.is_enough(near)

    glance.add((0, 0), scores_chw)
    assert glance.is_enough(near)
    assert not glance.is_enough(far)
    assert not glance.is_enough(Window(top=2, left=7, height=2, width=2))

    scores_chw[2, 1, 1] = 0.25
    assert glance.is_enough(edge)
    glance.add((0, 0), scores_chw)
    assert not glance.is_enough(edge)
