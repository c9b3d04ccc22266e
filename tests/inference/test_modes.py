"""The modes: which windows a picture is shown in."""

from typing import get_args, get_type_hints

import pytest

from kittiseg.config import parse
from kittiseg.inference.config import FullImageSettings, InferenceConfig, SlidingWindowSettings
from kittiseg.inference.modes import MODES, Layout, Mode, make_mode
from kittiseg.project.geometry import Size, Window


def sliding(*, window: tuple[int, int] = (4, 4), overlap: tuple[int, int] = (0, 0), save: bool = False) -> Mode:
    """Width and height, x and y, as the JSON has them."""
    document = {
        "source": "sliding_window",
        "window": dict(zip(("width", "height"), window, strict=True)),
        "min_overlap": dict(zip(("x", "y"), overlap, strict=True)),
        "save": save,
    }
    return make_mode(parse(InferenceConfig, {"mode": document}, source="a test").mode)


def test_every_mode_that_a_config_can_name_is_in_the_table():
    """The words of the settings and those of MODES are the same."""
    named = {settings.source for settings in (s() for s in get_args(get_type_hints(InferenceConfig)["mode"]))}

    assert named == set(MODES)


def test_full_image_is_one_window():
    """The whole picture, and no rectangles."""
    mode, size = make_mode(FullImageSettings()), Size(height=3, width=5)

    assert mode.layout(size) == Layout(size, [Window.whole(size)])
    assert mode.rectangles(size) == []
    assert mode.rectangle_class is None


def test_sliding_windows_lie_on_the_picture():
    """A picture that is large enough is its own canvas."""
    size = Size(height=4, width=9)

    layout = sliding(overlap=(1, 0)).layout(size)

    assert layout.canvas == size
    assert [(w.top, w.left) for w in layout.windows] == [(0, 0), (0, 3), (0, 5)]


@pytest.mark.parametrize("height", [1, 3])
def test_a_picture_smaller_than_the_window_gets_a_larger_canvas(height: int):
    """Only the axis that is too short grows."""
    layout = sliding().layout(Size(height=height, width=6))

    assert layout.canvas == Size(height=4, width=6)
    assert [(w.top, w.left) for w in layout.windows] == [(0, 0), (0, 2)]


def test_rectangles_are_the_windows_without_what_was_padded():
    """One row above and two below are padding: the rectangles end with the picture."""
    mode = sliding(save=True)

    assert mode.rectangle_class == "sliding_window"
    assert mode.rectangles(Size(height=1, width=6)) == [
        Window(top=0, left=0, height=1, width=4),
        Window(top=0, left=2, height=1, width=4),
    ]


def test_windows_are_no_objects_unless_saved():
    """``save`` false: no class for them."""
    assert make_mode(SlidingWindowSettings()).rectangle_class is None
