"""Parts of pictures, drawn at random or cut from the sides."""

import pytest

from kittiseg.dtl.layer import rng_for
from kittiseg.dtl.parts import PercentRange, RandomPart, draw_window, needs_size
from kittiseg.project.geometry import Size, Window
from kittiseg.project.lengths import Sides

KITTI = Size(height=375, width=1242)


def _part(width: tuple[float, float], height: tuple[float, float], *, keep: bool = False) -> RandomPart:
    ranges = [PercentRange(min_percent=least, max_percent=most) for least, most in (width, height)]
    return RandomPart(width=ranges[0], height=ranges[1], keep_aspect_ratio=keep)


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


def test_keep_aspect_ratio_needs_one_range() -> None:
    with pytest.raises(ValueError, match="same min_percent"):
        _part((10, 20), (10, 30), keep=True)


@pytest.mark.parametrize(
    ("least", "sides", "hangs"), [(0, None, True), (9, None, True), (10, None, False), (None, "3px", True)]
)
def test_small_parts_and_px_need_the_size(least: float | None, sides: str | None, hangs: bool) -> None:
    """One percent of a picture 64 px wide is no pixel, and nothing would be made of it."""
    part = None if least is None else _part((least, 50), (50, 50))

    assert needs_size(part, None if sides is None else Sides(left=sides)) == hangs
