"""Motions of whole pictures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.transform import resize

from kittiseg.project.geometry import Size, Window
from kittiseg.project.motions import Motion, Rotation, Scaling
from tests.data.projects import picture

SIZE = Size(height=6, width=8)
sizes = st.builds(Size, height=st.integers(1, 60), width=st.integers(1, 60))


@given(old=st.integers(1, 99), new=st.integers(1, 99), data=st.data())
def test_masks_are_scaled_as_scikit_image_does(old: int, new: int, data: st.DataObject) -> None:
    """Ties at halves included; and a part of a mask comes out as that part of the whole."""
    labels_hw = np.arange(1, old + 1)[None]
    expected_hw = resize(labels_hw, (1, new), order=0, preserve_range=True, anti_aliasing=False)
    start = data.draw(st.integers(0, old - 1))
    place = Window(top=0, left=start, height=1, width=data.draw(st.integers(1, old - start)))
    scaling = Scaling.stretch(Size(height=1, width=old), Size(height=1, width=new))

    moved_hw, there = scaling.mask(labels_hw[place.slices], place)

    shown_hw = np.zeros((1, new))
    shown_hw[there.slices] = moved_hw
    np.testing.assert_array_equal(shown_hw, np.where(np.isin(expected_hw, labels_hw[place.slices]), expected_hw, 0))


def test_scaling_keeps_a_flat_colour() -> None:
    """Bilinear, and black beside a picture whose ratio is kept."""
    flat_hwc = np.full((6, 8, 3), 77, np.uint8)
    scaling = Scaling.scale(SIZE, Size(height=20, width=16), 2)

    scaled_hwc = scaling.picture(flat_hwc)

    assert scaling.inner == Window(top=4, left=0, height=12, width=16)
    assert (scaled_hwc[scaling.inner.slices] == 77).all()
    assert not scaled_hwc[:4].any()
    assert not scaled_hwc[16:].any()


@given(size=sizes, degrees=st.floats(-720, 720))
def test_a_turned_picture_holds_all_corners(size: Size, degrees: float) -> None:
    """To a hair: the size is rounded up to whole px."""
    rotation = Rotation(size, degrees)
    corners = np.array([[0, 0], [size.width, 0], [0, size.height], [size.width, size.height]], float)

    turned = rotation.points(corners)

    assert (turned >= -1e-6).all()
    assert (turned <= np.array([rotation.target.width, rotation.target.height]) + 1e-6).all()


@given(size=sizes, degrees=st.floats(-720, 720))
def test_windows_of_a_turned_picture(size: Size, degrees: float) -> None:
    """The inner one lies inside; the source's has the source's size and the same middle, to a px."""
    rotation = Rotation(size, degrees)

    inner, source = rotation.inner_window, rotation.source_window

    assert inner is None or Window.whole(rotation.target).contains(inner)
    assert source.size == size
    assert abs(source.left + source.right - rotation.target.width) <= 1
    assert abs(source.top + source.bottom - rotation.target.height) <= 1


def test_a_quarter_turn_moves_points_counter_clockwise() -> None:
    """The middle of the right border becomes that of the upper one."""
    rotation = Rotation(Size(height=6, width=6), 90)

    np.testing.assert_allclose(rotation.points(np.array([[6.0, 3.0]])), [[3, 0]], atol=1e-9)


@pytest.mark.parametrize("motion", [Scaling.stretch(SIZE, Size(height=9, width=5)), Rotation(SIZE, 33)], ids=str)
def test_a_mask_moves_as_a_picture_of_it_does(motion: Motion) -> None:
    """Pixels that are surely black in the moved picture of a mask do not lie in the moved mask."""
    mask_hw = np.zeros((6, 8), bool)
    mask_hw[:, 3:] = True

    moved_hw, place = motion.mask(mask_hw[1:4, 2:7], Window(top=1, left=2, height=3, width=5))
    image_hwc = motion.picture(np.repeat(mask_hw[:, :, None] * np.uint8(255), 3, axis=2))

    assert image_hwc.shape == (motion.target.height, motion.target.width, 3)
    shown_hw = np.zeros(image_hwc.shape[:2], bool)
    shown_hw[place.slices] = moved_hw
    assert shown_hw.any()
    assert not shown_hw[image_hwc[:, :, 0] < 20].any()


def test_motions_leave_their_input_alone() -> None:
    image_hwc, mask_hw = picture(SIZE), np.ones((6, 8), bool)
    image_hwc.flags.writeable = mask_hw.flags.writeable = False
    points = np.array([[1.0, 2.0]])
    points.flags.writeable = False

    for motion in (Scaling.stretch(SIZE, SIZE), Rotation(SIZE, 5)):
        motion.picture(image_hwc)
        motion.mask(mask_hw, Window.whole(SIZE))
        motion.points(points)
