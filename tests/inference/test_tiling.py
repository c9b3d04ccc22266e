"""Padding and stitching."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiseg.inference.tiling import Stitcher, arg_max, pad_to_window
from kittiseg.project.geometry import Size, Window
from kittiseg.project.windows import place_windows
from tests.data.projects import picture
from tests.data.windows import plans


def stitch(image: Size, windows: list[Window], scores_chw: np.ndarray) -> np.ndarray:
    """What comes of windows that show what ``scores_chw`` has at their place."""
    stitcher = Stitcher(windows, image, classes=len(scores_chw))
    for window in windows:
        rows, columns = window.slices
        stitcher.add(window, scores_chw[:, rows, columns])
    return stitcher.finish()


@pytest.mark.parametrize("size", [Size(height=1, width=1), Size(height=2, width=9), Size(height=5, width=5)])
def test_padding_reflects_as_numpy_does(size: Size):
    """What is missing comes from reflection, swinging back and forth where the picture is very small."""
    image_hwc = picture(size)

    padded_hwc, inner = pad_to_window(image_hwc, Size(height=8, width=7))

    top, left = max(8 - size.height, 0) // 2, max(7 - size.width, 0) // 2
    sides = [(top, max(8 - size.height, 0) - top), (left, max(7 - size.width, 0) - left), (0, 0)]
    np.testing.assert_array_equal(padded_hwc, np.pad(image_hwc, sides, mode="reflect"))
    np.testing.assert_array_equal(padded_hwc[inner.slices], image_hwc)


def test_a_picture_that_is_large_enough_is_not_copied():
    """Padding by nothing gives the picture itself."""
    image_hwc = picture(Size(height=5, width=6))

    padded_hwc, inner = pad_to_window(image_hwc, Size(height=5, width=2))

    assert padded_hwc is image_hwc
    assert inner == Window(top=0, left=0, height=5, width=6)


@given(plans(), st.floats(0, 1, width=32))
def test_a_constant_field_stays_constant(plan: tuple[Size, list[Window]], value: float):
    """Averaging equal scores gives that score on every pixel, whatever the layout."""
    image, windows = plan

    stitched_chw = stitch(image, windows, np.full((2, image.height, image.width), value, np.float32))

    np.testing.assert_allclose(stitched_chw, value, rtol=1e-5)


@given(plans())
def test_scores_that_show_the_picture_give_the_picture(plan: tuple[Size, list[Window]]):
    """Windows that agree where they overlap are put together exactly."""
    image, windows = plan
    scores_chw = picture(image).transpose(2, 0, 1).astype(np.float32)

    np.testing.assert_array_equal(stitch(image, windows, scores_chw), scores_chw)


@given(plans())
def test_stitching_is_the_mean_over_windows(plan: tuple[Size, list[Window]]):
    """Sums over counts of windows, as brute force in double precision finds them."""
    image, windows = plan
    rng = np.random.default_rng(0)
    sums_chw, counts_hw = np.zeros((3, image.height, image.width)), np.zeros((image.height, image.width))
    stitcher = Stitcher(windows, image, classes=3)
    for window in windows:
        scores_chw = rng.random((3, window.height, window.width), np.float32)
        rows, columns = window.slices
        sums_chw[:, rows, columns] += scores_chw
        counts_hw[window.slices] += 1
        stitcher.add(window, scores_chw)

    np.testing.assert_allclose(stitcher.finish(), sums_chw / counts_hw, rtol=1e-4)
    np.testing.assert_array_equal(stitcher.labels(), stitcher.finish().argmax(axis=0))


def test_more_than_255_windows_on_a_pixel_are_counted():
    """500 windows over one column of pixels: no counter runs over."""
    image = Size(height=1, width=999)
    windows = place_windows(image, Size(height=1, width=500), Size(height=0, width=499))

    assert len(windows) == 500
    np.testing.assert_array_equal(stitch(image, windows, np.ones((1, 1, 999), np.float32)), 1)


def test_layouts_with_gaps_or_without_order_are_refused():
    """A mean over no window, or over windows that form no grid, is not to be had."""
    corner, opposite = (Window(top=at, left=at, height=2, width=2) for at in (0, 2))

    with pytest.raises(ValueError, match="no regular layout"):
        Stitcher([corner, opposite], Size(height=4, width=4), classes=1)
    with pytest.raises(ValueError, match="leave pixels of the 3 x 2 px out"):
        Stitcher([corner], Size(height=2, width=3), classes=1)


def test_stitching_agrees_with_monai():
    """MONAI's ``sliding_window_inference`` with constant weights gives the same means on an equal plan."""
    torch = pytest.importorskip("torch")
    inferers = pytest.importorskip("monai.inferers")
    image, window = Size(height=21, width=34), Size(height=8, width=12)
    image_chw = np.random.default_rng(0).random((3, image.height, image.width), np.float32)
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3, padding=1), torch.nn.Softmax(dim=1)).eval()
    windows = place_windows(image, window, Size(height=4, width=6))
    stitcher = Stitcher(windows, image, classes=2)

    with torch.inference_mode():
        theirs = inferers.sliding_window_inference(
            torch.from_numpy(image_chw)[None], (8, 12), 4, network, overlap=0.5, mode="constant"
        )
        for place in windows:
            rows, columns = place.slices
            stitcher.add(place, network(torch.from_numpy(image_chw[None, :, rows, columns]))[0].numpy())

    np.testing.assert_allclose(stitcher.finish(), theirs[0].numpy(), atol=1e-6)


@given(st.integers(1, 6), st.integers(0, 99))
def test_arg_max_is_numpys(classes: int, seed: int):
    """Ties included: the first of equal scores wins."""
    scores_chw = np.random.default_rng(seed).integers(0, 3, (classes, 4, 5)).astype(np.float32)

    labels_hw = arg_max(scores_chw)

    assert labels_hw.dtype == np.uint8
    np.testing.assert_array_equal(labels_hw, scores_chw.argmax(axis=0))
