"""Small parts of masks go."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kittiseg.config import parse
from kittiseg.dtl.layers.drop_noise import DropNoise, area_px, without_small_parts
from kittiseg.errors import ConfigError, DataError
from kittiseg.project.annotation import Figure
from kittiseg.project.geometry import Size
from kittiseg.project.shapes import Bitmap, Rectangle
from tests.data.programs import no_draw, only
from tests.data.projects import annotation_of, bitmap_of, item_of, meta_of

NOISY = bitmap_of("##....", "##...#", "..#.##", "#.....", top=2, left=1)


def _layer(min_area: str, src_type: str = "image") -> DropNoise:
    return parse(DropNoise, {"classes": ["car"], "min_area": min_area, "src_type": src_type}, source="test")


def test_parts_that_touch_at_a_corner_are_two() -> None:
    assert without_small_parts(NOISY, min_px=2) == bitmap_of("##....", "##...#", "....##", top=2, left=1)
    assert without_small_parts(NOISY, min_px=4) == bitmap_of("##", "##", top=2, left=1)
    assert without_small_parts(NOISY, min_px=5) is None


def test_a_limit_of_nothing_leaves_all() -> None:
    assert without_small_parts(NOISY, min_px=0) == without_small_parts(NOISY, min_px=1) == NOISY


@given(arrays(bool, st.tuples(st.integers(1, 8), st.integers(1, 8))), st.integers(0, 6))
def test_never_adds_and_is_done_after_once(mask_hw: Any, min_px: int) -> None:
    cleaned = without_small_parts(Bitmap(top=0, left=0, mask_hw=mask_hw), min_px=min_px)
    if cleaned is not None:
        assert not (cleaned.mask_hw & ~mask_hw[cleaned.window.slices]).any()
        assert without_small_parts(cleaned, min_px=min_px) == cleaned


@pytest.mark.parametrize(
    ("text", "whole", "px"),
    [("12px", 50, 12), ("12 px", 50, 12), ("50%", 7, 3), ("0.5%", 1000, 5), ("3.25%", 100, 3), ("0%", 9, 0)],
)
def test_areas_are_cut_off_to_whole_px(text: str, whole: int, px: int) -> None:
    assert area_px(text, whole) == px


@pytest.mark.parametrize("text", ["", "12", "px", "1.5px", "-3px", "1.255%", "3 %", "a%"])
def test_refuses_what_is_no_area(text: str) -> None:
    with pytest.raises(ConfigError, match=r"'min_area' is .* write it as"):
        _layer(text)


@pytest.mark.parametrize(("src_type", "left"), [("image", 1), ("bbox", 0)])
def test_percent_of_the_picture_or_of_the_box(src_type: str, left: int) -> None:
    """10 % of 40 px are 4 px, as many as the largest part has; 30 % of its box of 24 px are 7."""
    item = item_of(annotation_of({"car": NOISY}, size=Size(height=5, width=8)))
    share = {"image": "10%", "bbox": "30%"}[src_type]

    assert len(only(_layer(share, src_type).apply(item, no_draw)).annotation.figures) == left


def test_other_classes_stay_as_they_are() -> None:
    item = item_of(annotation_of([("bus", NOISY), ("car", NOISY)], size=Size(height=9, width=9)))

    figures = only(_layer("4px").apply(item, no_draw)).annotation.figures

    assert figures == (Figure("bus", NOISY), Figure("car", bitmap_of("##", "##", top=2, left=1)))


def test_takes_masks_only() -> None:
    """Known before the first picture; of a class of any shape, when an object of another comes."""
    with pytest.raises(ConfigError, match="/classes/0: 'car' is a line"):
        _layer("4px").declare(meta_of({"car": "line"}))
    item = item_of(annotation_of({"car": Rectangle(0, 0, 2, 2)}))
    with pytest.raises(DataError, match=f"{item.key}: an object of class 'car' is a rectangle"):
        only(_layer("4px").apply(item, no_draw))
