"""Pictures through windows, batches and stitching, with functions in place of a network."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiseg.inference.config import (
    FullImageSettings,
    RoiSettings,
    SlidingWindowSettings,
    WholeSettings,
    WindowOverlap,
    WindowSize,
)
from kittiseg.inference.modes import Mode, Sight, make_mode
from kittiseg.inference.predictor import Forward, Part, Predictor, label_maps
from kittiseg.inference.scored import NOTHING
from kittiseg.project.annotation import Annotation
from kittiseg.project.geometry import Size
from kittiseg.project.lengths import Sides
from kittiseg.project.pixels import LazyImage
from tests.data.forwards import by_place, show
from tests.data.projects import picture

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
    """Pictures of many sizes never fill a batch, and yet no more than a batch of them are waiting."""
    taken = 0

    def source() -> Iterator[tuple[int, np.ndarray]]:
        nonlocal taken
        for key, image_hwc in pictures(*((2, width) for width in range(1, 20))):
            taken += 1
            yield key, image_hwc

    for done, _ in enumerate(predicted(show, FULL, source(), batch_size=3), start=1):
        assert taken - done <= 3


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
