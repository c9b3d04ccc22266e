"""Bitmaps laid over one another."""

from kittiseg.dtl.overlay import laid_out, window_around
from kittiseg.project.geometry import Window
from tests.data.projects import bitmap_of


def test_a_bitmap_in_a_window() -> None:
    """What sticks out of the window is left out."""
    window = Window(top=1, left=2, height=2, width=3)

    laid_hw = laid_out(bitmap_of("###", "#.#", top=2, left=1), window)

    assert laid_hw.tolist() == [[False, False, False], [True, True, False]]


def test_the_window_around_several() -> None:
    bitmaps = [bitmap_of("#", top=4, left=1), bitmap_of("##", top=2, left=3)]

    assert window_around(bitmaps) == Window(top=2, left=1, height=3, width=4)
