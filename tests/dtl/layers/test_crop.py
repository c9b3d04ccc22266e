"""Windows, drawn at random or cut from the sides."""

from typing import Any

import numpy as np
import pytest

from kittiseg.config import parse
from kittiseg.dtl.layer import rng_for
from kittiseg.dtl.layers.crop import Crop, PercentRange, RandomPart, Sides, crop, draw_window, inner_window, length_px
from kittiseg.errors import ConfigError, DataError
from kittiseg.project.geometry import Size, Window
from tests.data.programs import RANDOM_CROP, WHOLE_CROP, draws, no_draw, only
from tests.data.projects import SMALL, item_with_square, square

KITTI = Size(height=375, width=1242)


def _part(width: tuple[float, float], height: tuple[float, float], *, keep: bool = False) -> RandomPart:
    ranges = [PercentRange(min_percent=least, max_percent=most) for least, most in (width, height)]
    return RandomPart(width=ranges[0], height=ranges[1], keep_aspect_ratio=keep)


def test_moves_picture_and_figures_together() -> None:
    """A figure keeps its pixels wherever the window falls."""
    item = item_with_square(top=2, left=3, side=2)

    cropped = crop(item, Window(top=1, left=2, height=4, width=5))

    assert np.array_equal(cropped.image.pixels(), item.image.pixels()[1:5, 2:7])
    assert cropped.annotation.figures[0].shape == square(top=1, left=1, side=2)
    assert cropped.annotation.image == cropped.image.size == Size(height=4, width=5)


def test_a_picture_without_figures_is_still_made() -> None:
    cropped = crop(item_with_square(top=0, left=0, side=2), Window(top=3, left=3, height=2, width=2))

    assert cropped.annotation.figures == ()


def test_the_whole_picture_keeps_its_file() -> None:
    """No pixel changes, so nothing need be decoded or encoded."""
    item = item_with_square()

    made = only(parse(Crop, WHOLE_CROP, source="test").apply(item, draws()))

    assert made.image is item.image
    assert made.annotation == item.annotation


def test_sizes_and_places_of_the_tutorial() -> None:
    """27 to 30 percent of 1242 px are 335 to 372, 90 to 100 percent of 375 px are 337 to 375; all lie inside."""
    part = _part((27, 30), (90, 100))

    windows = [draw_window(KITTI, part, rng_for(0, str(number))) for number in range(300)]

    assert {335, 372} <= {window.width for window in windows} <= set(range(335, 373))
    assert {window.height for window in windows} <= set(range(337, 376))
    assert all(Window.whole(KITTI).contains(window) for window in windows)


def test_every_place_can_be_drawn() -> None:
    """Offsets include both edges."""
    part = _part((50, 50), (50, 50))

    places = {
        (window.top, window.left)
        for window in (draw_window(Size(height=4, width=4), part, rng_for(0, str(number))) for number in range(200))
    }

    assert places == {(top, left) for top in range(3) for left in range(3)}


def test_keep_aspect_ratio_draws_once() -> None:
    windows = [
        draw_window(Size(height=100, width=200), _part((10, 90), (10, 90), keep=True), rng_for(0, str(number)))
        for number in range(20)
    ]

    assert all(window.width // 2 == window.height for window in windows)


def test_lengths_are_cut_off() -> None:
    assert length_px("33%", 10) == 3
    assert length_px("12.5 %", 100) == 12
    assert length_px("7px", 100) == 7


def test_sides_leave_the_inner_part() -> None:
    sides = Sides(left="25%", top="1px", right="1px")

    assert inner_window(SMALL, sides, name="a") == Window(top=1, left=2, height=5, width=5)


def test_nothing_left_makes_nothing() -> None:
    item = item_with_square()

    assert list(Crop(sides=Sides(left="50%", right="50%")).apply(item, no_draw)) == []
    assert list(Crop(random_part=_part((0, 0), (50, 50))).apply(item, draws())) == []


def test_sides_outside_of_the_picture_are_an_error() -> None:
    """It names the picture, since others of the project may be larger."""
    with pytest.raises(DataError, match=r"source/training/a.png.*outside.*8 x 6 px"):
        list(Crop(sides=Sides(left="9px")).apply(item_with_square(), no_draw))


def test_only_px_need_the_annotation() -> None:
    """Percentages leave something of every picture, or of none."""
    assert Crop(sides=Sides(left="3px")).needs_annotation
    assert not Crop(sides=Sides(left="3%", top="0%", right="0%", bottom="0%")).needs_annotation
    assert not parse(Crop, RANDOM_CROP, source="test").needs_annotation


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "either 'random_part' or 'sides'"),
        ({"sides": {}, **RANDOM_CROP}, "either 'random_part' or 'sides'"),
        ({"sides": {"lef": "3px"}}, "did you mean 'left'"),
        ({"sides": {"left": "3"}}, "left is '3'"),
        ({"sides": {"top": "-3px"}}, "top is '-3px'"),
        ({"sides": {"top": "1.5px"}}, "top is '1.5px'"),
        ({"random_part": {"width": {"min_percent": 9, "max_percent": 8}}}, "min_percent 9 is above max_percent 8"),
        ({"random_part": {"width": {"min_percent": 9, "max_percent": 101}}}, "/random_part/width/max_percent"),
    ],
    ids=str,
)
def test_refuses_settings_that_make_no_window(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse(Crop, settings, source="test")


def test_keep_aspect_ratio_needs_one_range() -> None:
    with pytest.raises(ValueError, match="same min_percent"):
        _part((10, 20), (10, 30), keep=True)
