"""Sizes and windows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiseg.project.geometry import Axis, Size, View, Window
from tests.data.projects import picture

windows = st.builds(
    Window,
    top=st.integers(-5, 9),
    left=st.integers(-5, 9),
    height=st.integers(0, 9),
    width=st.integers(0, 9),
)


def pixels_of(window: Window) -> set[tuple[int, int]]:
    return {(y, x) for y in range(window.top, window.bottom) for x in range(window.left, window.right)}


@given(windows, windows)
def test_an_intersection_holds_the_pixels_of_both(one: Window, other: Window):
    """What two windows share is what brute force over their pixels finds; None stands for nothing."""
    shared = one.intersect(other)

    assert (pixels_of(shared) if shared else set()) == pixels_of(one) & pixels_of(other)
    assert shared is None or shared.area == len(pixels_of(shared))


@given(windows, windows)
def test_a_window_contains_what_adds_no_pixel(one: Window, other: Window):
    """``contains`` agrees with the subset of pixels for windows that have any."""
    if other.area:
        assert one.contains(other) == (pixels_of(other) <= pixels_of(one))


def test_slices_cut_rows_first_then_columns():
    """A window indexes an array as rows top..bottom-1, columns left..right-1."""
    image_hwc = picture(Size(height=5, width=7))

    cut_hwc = image_hwc[Window(top=1, left=2, height=3, width=4).slices]

    np.testing.assert_array_equal(cut_hwc, image_hwc[1:4, 2:6])


def test_slices_of_a_window_above_the_picture_are_refused():
    """A negative index would silently count from the other end."""
    with pytest.raises(ValueError, match="begins at row -1, column 0"):
        _ = Window(top=-1, left=0, height=2, width=2).slices


def test_whole_covers_the_picture():
    """The window of a whole picture has its size and begins at its corner."""
    size = Size(height=3, width=4)

    whole = Window.whole(size)

    assert whole == Window(top=0, left=0, height=3, width=4)
    assert whole.size == size
    assert whole.area == size.area == 12


def test_moved_keeps_the_size():
    """Down and right are positive."""
    assert Window(top=1, left=2, height=3, width=4).moved(down=10, right=-5) == Window(
        top=11, left=-3, height=3, width=4
    )


def test_a_size_is_written_width_first():
    """People write 1242 x 375."""
    assert str(Size(height=375, width=1242)) == "1242 x 375"


@pytest.mark.parametrize("wrong", [{"height": -1, "width": 1}, {"height": 1, "width": -1}])
def test_negative_lengths_are_refused(wrong: dict[str, int]):
    """A window cannot be less than nothing."""
    with pytest.raises(ValueError, match="cannot be negative"):
        Window(top=0, left=0, **wrong)


@given(st.lists(st.one_of(st.sampled_from(["vertical", "horizontal"]), st.tuples(*[st.floats(0, 1)] * 4)), max_size=5))
def test_a_view_shows_what_the_same_steps_give_on_pixels(steps: list[Axis | tuple[float, ...]]):
    """Cuts and mirror images in any order are one window and two mirrors."""
    image_hwc = seen_hwc = picture()
    view = View.whole(Size(height=6, width=8))
    for step in steps:
        if isinstance(step, str):
            view = view.mirror(step)
            seen_hwc = seen_hwc[:, ::-1] if step == "vertical" else seen_hwc[::-1]
        else:
            height, width = seen_hwc.shape[:2]
            top, left = int(step[0] * (height - 1)), int(step[1] * (width - 1))
            window = Window(
                top=top,
                left=left,
                height=1 + int(step[2] * (height - top - 1)),
                width=1 + int(step[3] * (width - left - 1)),
            )
            view, seen_hwc = view.crop(window), seen_hwc[window.slices]

    shown_hwc = image_hwc[view.window.slices]
    shown_hwc = shown_hwc[:, ::-1] if view.left_right else shown_hwc
    shown_hwc = shown_hwc[::-1] if view.top_bottom else shown_hwc
    np.testing.assert_array_equal(shown_hwc, seen_hwc)
    assert view.shows_all(Size(height=6, width=8)) == (view == View.whole(Size(height=6, width=8)))


@pytest.mark.parametrize("mirrored", [(), ("vertical",), ("vertical", "horizontal")])
def test_a_view_comes_back_from_json(mirrored: tuple[Axis, ...]):
    """The window as left, top, width, height; how it is mirrored where it is."""
    view = View(window=Window(top=1, left=2, height=3, width=4))
    for axis in mirrored:
        view = view.mirror(axis)

    document = view.to_json()

    assert View.from_json(document) == view
    assert document["window"] == [2, 1, 4, 3]
    assert ("mirrored" in document) == bool(mirrored)


def test_a_window_outside_a_view_is_refused():
    """A view shows nothing beyond its edges, though the picture goes on there."""
    view = View.whole(Size(height=6, width=8)).crop(Window(top=1, left=1, height=2, width=2))

    with pytest.raises(ValueError, match="not inside a view of 2 x 2 px"):
        view.crop(Window(top=0, left=1, height=2, width=2))
