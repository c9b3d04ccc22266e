"""Lengths as queries write them."""

import pytest

from kittiseg.project.geometry import Window
from kittiseg.project.lengths import Margins, Sides, check_lengths, exact_px, length_px
from tests.data.projects import SMALL


def test_px_are_px_and_percent_are_of_the_whole() -> None:
    assert exact_px("20px", 50) == 20
    assert exact_px("2.5 %", 50) == 1.25


def test_names_every_setting_that_is_no_length() -> None:
    check_lengths(left="3px", top="0%")
    with pytest.raises(ValueError, match="left is '3', top is '-1px'"):
        check_lengths(left="3", top="-1px", right="4px")


def test_lengths_are_cut_off_to_whole_px() -> None:
    assert length_px("33%", 10) == 3
    assert length_px("12.5 %", 100) == 12
    assert length_px("7px", 100) == 7


def test_sides_are_lengths() -> None:
    assert Sides(left="3px") == Sides(left="3px", top="0px", right="0px", bottom="0px")
    with pytest.raises(ValueError, match="bottom is '2'"):
        Sides(bottom="2")


def test_only_margins_may_be_negative() -> None:
    """They take away from the box then."""
    assert length_px(Margins(left="-25%").left, 10) == -2
    with pytest.raises(ValueError, match="left is '-25%'"):
        Sides(left="-25%")
    with pytest.raises(ValueError, match="left is '--3px'"):
        Margins(left="--3px")


def test_a_length_of_too_many_digits_is_none() -> None:
    """Its percent of a side would be no number any more."""
    with pytest.raises(ValueError, match="left is '9999999999%'"):
        Sides(left="9999999999%")


def test_sides_leave_the_inner_part() -> None:
    sides = Sides(left="25%", top="1px", right="1px")

    assert sides.inner_window(SMALL) == Window(top=1, left=2, height=5, width=5)


@pytest.mark.parametrize("sides", [Sides(left="50%", right="50%"), Sides(bottom="7px"), Sides(right="120%")])
def test_sides_longer_than_the_picture_leave_nothing(sides: Sides) -> None:
    """As in 2018, where that was a warning too, whether one side or two take it all."""
    assert sides.inner_window(SMALL).area == 0
