"""Pictures through windows, batches and stitching, with functions in place of a network."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiseg.inference.config import FullImageSettings, SlidingWindowSettings, WindowSize
from kittiseg.inference.modes import make_mode
from kittiseg.inference.predictor import Predictor
from kittiseg.project.geometry import Size
from kittiseg.project.windows import MinOverlap
from tests.data.projects import picture

FULL = make_mode(FullImageSettings())
SLIDING = make_mode(SlidingWindowSettings(window=WindowSize(width=4, height=4), min_overlap=MinOverlap(x=1, y=1)))


def show(windows_nhwc: np.ndarray) -> np.ndarray:
    """A network that returns its input: class scores are red, green and blue."""
    return windows_nhwc.transpose(0, 3, 1, 2).astype(np.float32)


def by_place(windows_nhwc: np.ndarray) -> np.ndarray:
    """A network that mixes colour with the place in the window, so that overlapping windows disagree."""
    height, width = windows_nhwc.shape[1:3]
    return (show(windows_nhwc) * (1 + np.arange(height)[:, None]) + 37 * np.arange(width)) % 101


class Recorder:
    """Keeps the shape of each batch."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, windows_nhwc: np.ndarray) -> np.ndarray:
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

    found = list(Predictor(show, mode, classes=3, batch_size=batch_size).predict(images))

    assert [key for key, _ in found] == [key for key, _ in images]
    for (_, image_hwc), (_, labels_hw) in zip(images, found, strict=True):
        np.testing.assert_array_equal(labels_hw, image_hwc.argmax(axis=2))


@given(sizes, st.integers(1, 9))
def test_batches_do_not_change_the_result(sizes, batch_size):
    """One window per forward pass and several give the same labels."""
    alone = Predictor(by_place, SLIDING, classes=3, batch_size=1).predict(pictures(*sizes))
    together = Predictor(by_place, SLIDING, classes=3, batch_size=batch_size).predict(pictures(*sizes))

    for (_, one_hw), (_, other_hw) in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one_hw, other_hw)


def test_windows_of_several_pictures_share_batches():
    """Three pictures of three windows each fill batches of four: 4, 4, 1."""
    recorder = Recorder()

    list(Predictor(recorder, SLIDING, classes=3, batch_size=4).predict(pictures((4, 9), (4, 9), (4, 9))))

    assert recorder.shapes == [(4, 4, 4), (4, 4, 4), (1, 4, 4)]


def test_full_pictures_of_one_size_share_batches():
    """A batch holds pictures of one size only; another size waits for its own."""
    recorder = Recorder()
    images = pictures((2, 3), (5, 5), (2, 3))

    found = list(Predictor(recorder, FULL, classes=3, batch_size=2).predict(images))

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

    for done, _ in enumerate(Predictor(show, FULL, classes=3, batch_size=3).predict(source()), start=1):
        assert taken - done <= 3


def test_nothing_in_nothing_out():
    """No pictures, no forward pass."""
    recorder = Recorder()

    assert list(Predictor(recorder, FULL, classes=3, batch_size=3).predict([])) == []
    assert recorder.shapes == []


def test_scores_of_a_wrong_shape_are_refused():
    """A network of two classes where three were announced is named with both shapes."""
    predictor = Predictor(lambda windows: show(windows)[:, :2], FULL, classes=3, batch_size=1)

    with pytest.raises(ValueError, match=r"shape \(1, 2, 4, 5\); wanted \(1, 3, 4, 5\)"):
        list(predictor.predict(pictures((4, 5))))
