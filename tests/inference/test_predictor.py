"""Pictures through windows, batches and stitching, with functions in place of a network."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kittiseg.inference.areas import Areas
from kittiseg.inference.config import (
    FullImageSettings,
    RoiSettings,
    SlidingWindowSettings,
    WholeSettings,
    WindowOverlap,
    WindowSize,
)
from kittiseg.inference.glance import Glance
from kittiseg.inference.grid import Grid, place
from kittiseg.inference.modes import Mode, Sight, make_mode
from kittiseg.inference.parts import Part, PartScored
from kittiseg.inference.predictor import Forward, Predictor, label_maps
from kittiseg.inference.regions import Region
from kittiseg.inference.scored import NOTHING
from kittiseg.inference.skip import Coarse, Sieve, is_plain
from kittiseg.project.annotation import Annotation
from kittiseg.project.geometry import Size, Window
from kittiseg.project.lengths import Sides
from kittiseg.project.pixels import LazyImage
from kittiseg.project.vectors import Rectangle
from tests.data.forwards import by_place, show
from tests.data.projects import picture
from tests.data.windows import grids, sieves, stitched_whole, with_plain_parts

FULL = make_mode(FullImageSettings())
SLIDING = make_mode(SlidingWindowSettings(window=WindowSize(width=4, height=4), min_overlap=WindowOverlap(x=1, y=1)))


def predicted(forward: Forward, mode: Mode, images, *, batch_size: int) -> Iterator[tuple[int, np.ndarray]]:
    return label_maps(Predictor(forward, classes=3, batch_size=batch_size), mode, images)


class Recorder:
    """Keeps the shape of each batch."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, windows_nhwc: np.ndarray, input_size: Size | None = None) -> np.ndarray:
        self.shapes.append(windows_nhwc.shape[:3])
        return show(windows_nhwc)


def pictures(*sizes: tuple[int, int]) -> list[tuple[int, np.ndarray]]:
    """(height, width) of each; the keys count from 0."""
    return [(i, picture(Size(height=h, width=w), seed=i)) for i, (h, w) in enumerate(sizes)]


sizes = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), max_size=6)


@given(sizes, st.integers(1, 7), st.sampled_from([FULL, SLIDING]))
def test_a_network_that_returns_its_input_gives_the_picture(sizes, batch_size, mode):
    """The label of each pixel is its strongest colour, for pictures of any size, padded ones too, in their order."""
    images = pictures(*sizes)

    found = list(predicted(show, mode, images, batch_size=batch_size))

    assert [key for key, _ in found] == [key for key, _ in images]
    for (_, image_hwc), (_, labels_hw) in zip(images, found, strict=True):
        np.testing.assert_array_equal(labels_hw, image_hwc.argmax(axis=2))


@given(sizes, st.integers(1, 9))
def test_batches_do_not_change_the_result(sizes, batch_size):
    """One window per forward pass and several give the same labels."""
    alone = predicted(by_place, SLIDING, pictures(*sizes), batch_size=1)
    together = predicted(by_place, SLIDING, pictures(*sizes), batch_size=batch_size)

    for (_, one_hw), (_, other_hw) in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one_hw, other_hw)


def test_windows_of_several_pictures_share_batches():
    """Three pictures of three windows each fill batches of four: 4, 4, 1."""
    recorder = Recorder()

    list(predicted(recorder, SLIDING, pictures((4, 9), (4, 9), (4, 9)), batch_size=4))

    assert recorder.shapes == [(4, 4, 4), (4, 4, 4), (1, 4, 4)]


def test_full_pictures_of_one_size_share_batches():
    """A batch holds pictures of one size only; another size waits for its own."""
    recorder = Recorder()
    images = pictures((2, 3), (5, 5), (2, 3))

    found = list(predicted(recorder, FULL, images, batch_size=2))

    assert recorder.shapes == [(2, 2, 3), (1, 5, 5)]
    assert [key for key, _ in found] == [0, 1, 2]


def test_few_pictures_are_open_at_a_time():
    """Pictures of many sizes never fill a batch, and yet no more than two batches of them are open."""
    taken = 0

    def source() -> Iterator[tuple[int, np.ndarray]]:
        nonlocal taken
        for key, image_hwc in pictures(*((2, width) for width in range(1, 20))):
            taken += 1
            yield key, image_hwc

    for done, _ in enumerate(predicted(show, FULL, source(), batch_size=3), start=1):
        assert taken - done <= 2 * 3


def test_nothing_in_nothing_out():
    """No pictures, no forward pass."""
    recorder = Recorder()

    assert list(predicted(recorder, FULL, [], batch_size=3)) == []
    assert recorder.shapes == []


def test_scores_of_a_wrong_shape_are_refused():
    """A network of two classes where three were announced is named with both shapes."""
    with pytest.raises(ValueError, match=r"shape \(1, 2, 4, 5\); wanted \(1, 3, 4, 5\)"):
        list(predicted(lambda windows, size: show(windows)[:, :2], FULL, pictures((4, 5)), batch_size=1))


def test_the_mode_says_what_the_network_sees_windows_at():
    """Windows of one size that are shown at two are not of one batch."""
    seen: list[tuple[int, Size | None]] = []

    def network(windows_nhwc: np.ndarray, input_size: Size | None = None) -> np.ndarray:
        seen.append((len(windows_nhwc), input_size))
        return show(windows_nhwc)

    whole = make_mode(WholeSettings(window=WindowSize(width=4, height=4)), Sight(Size(height=32, width=32), step=16))
    images = [LazyImage.from_array(image_hwc) for _, image_hwc in pictures((4, 8), (4, 8), (4, 8))]
    regions = [mode.regions(Annotation(images[0].size))[0] for mode in (whole, FULL, whole)]

    found = list(Predictor(network, classes=3, batch_size=2).predict(map(Part, range(3), images, regions)))

    assert [scored.key for scored in found] == [0, 1, 2]
    assert seen == [(2, Size(height=32, width=64)), (1, None)]


def test_what_is_not_looked_at_has_no_label():
    """A part of the picture is scored, the rest is not known."""
    mode = make_mode(RoiSettings(bounds=Sides(left="2px")))

    ((_, labels_hw),) = predicted(show, mode, pictures((3, 5)), batch_size=1)

    assert (labels_hw[:, :2] == NOTHING).all()
    np.testing.assert_array_equal(labels_hw[:, 2:], pictures((3, 5))[0][1][:, 2:].argmax(axis=2))


def scored_parts(
    grids: list[Grid], sieves: list[Sieve], *, batch_size: int, forward: Forward = by_place
) -> list[PartScored[int]]:
    """Each grid over noise with plain parts, its windows skipped by the sieve."""
    predictor = Predictor(forward, classes=3, batch_size=batch_size, probabilities=True)
    return list(
        predictor.predict(
            Part(
                index,
                LazyImage.from_array(with_plain_parts(picture(grid.canvas, seed=index))),
                Region(Window.whole(grid.canvas), grid),
                sieve=sieve,
            )
            for index, (grid, sieve) in enumerate(zip(grids, sieves, strict=True))
        )
    )


@settings(max_examples=30)
@given(st.lists(st.tuples(grids(), sieves()), max_size=4), st.integers(2, 9))
def test_batches_do_not_change_what_is_skipped(pairs, batch_size):
    """Windows that are skipped are added in their turn, whichever others wait before them."""
    layouts, chosen = [grid for grid, _ in pairs], [sieve for _, sieve in pairs]
    alone = scored_parts(layouts, chosen, batch_size=1)
    together = scored_parts(layouts, chosen, batch_size=batch_size)

    for one, other in zip(alone, together, strict=True):
        assert (one.key, one.windows, one.skipped) == (other.key, other.windows, other.skipped)
        for band, same in zip(one.bands, other.bands, strict=True):
            np.testing.assert_array_equal(band.labels_hw, same.labels_hw)
            np.testing.assert_array_equal(band.probs_chw, same.probs_chw)


@settings(max_examples=30)
@given(grids(), sieves())
def test_skipped_windows_have_no_answer_or_that_of_the_first_pass(grid: Grid, sieve: Sieve):
    """By brute force: every window by itself, then the weighted mean over those that have an answer."""
    image_hwc = with_plain_parts(picture(grid.canvas))
    region = Region(Window.whole(grid.canvas), grid)
    glance = Glance(region, sieve.coarse or Coarse(), sieve.background)
    for cell in glance.cells(grid.windows):
        pixels_hwc = glance.cut(LazyImage.from_array(image_hwc), cell)
        if not (sieve.plain and is_plain(pixels_hwc)):
            glance.add(cell, by_place(glance.reduced(pixels_hwc)[None])[0])
    answers = []
    for window in grid.windows:
        outside = sieve.inside is not None and not sieve.inside.touch(window)
        if outside or (sieve.plain and is_plain(image_hwc[window.slices])):
            answers.append(np.zeros((4, window.height, window.width), np.float32))
            continue
        by_glance = sieve.coarse is not None and glance.is_enough(window)
        scores_chw = glance.scores(window) if by_glance else by_place(image_hwc[window.slices][None])[0]
        answers.append(np.concatenate([scores_chw, np.ones_like(scores_chw[:1])]))
    sums_chw = stitched_whole(grid, answers)
    known_hw = sums_chw[3] > 0

    (scored,) = scored_parts([grid], [sieve], batch_size=3)

    labels_hw = np.concatenate([band.labels_hw for band in scored.bands])
    probs_chw = np.concatenate([band.probs_chw for band in scored.bands if band.probs_chw is not None], axis=1)
    np.testing.assert_array_equal(labels_hw, np.where(known_hw, sums_chw[:3].argmax(axis=0), NOTHING))
    np.testing.assert_allclose(probs_chw, sums_chw[:3] / np.where(known_hw, sums_chw[3], 1), rtol=1e-5)


def test_the_network_is_not_shown_what_is_skipped():
    """Of sixteen windows four are not plain, two of them inside: the first pass is one window, and one is enough."""
    image_hwc = np.zeros((16, 16, 3), np.uint8)
    image_hwc[:8, :8] = picture(Size(height=8, width=8)) // 4
    image_hwc[1, 7] = (0, 255, 0)
    grid = Grid(place(16, 4, 0), place(16, 4, 0))
    seen: list[np.ndarray] = []

    def network(windows_nhwc: np.ndarray, input_size: Size | None = None) -> np.ndarray:
        seen.extend(windows_nhwc)
        return show(windows_nhwc)

    inside = Areas.of_shapes([Rectangle(0.5, 0.5, 15.5, 1.5)])
    sieve = Sieve(plain=True, inside=inside, coarse=Coarse(factor=2, below=64))
    part = Part(0, LazyImage.from_array(image_hwc), Region(Window.whole(grid.canvas), grid), sieve=sieve)
    (scored,) = Predictor(network, classes=3, batch_size=9).predict([part])

    assert len(seen) == 2
    np.testing.assert_allclose(seen[0], image_hwc[:8, :8].reshape(4, 2, 4, 2, 3).mean(axis=(1, 3)), atol=0.51)
    np.testing.assert_array_equal(seen[1], image_hwc[:4, 4:8])
    assert (scored.windows, scored.skipped) == (2, 15)
    is_known_hw = np.concatenate([band.labels_hw for band in scored.bands]) != NOTHING
    assert is_known_hw[:4, :8].all()
    assert is_known_hw.sum() == 32
