"""Copies."""

import pytest

from kittiseg.config import parse
from kittiseg.dtl.layers.multiply import Multiply
from kittiseg.errors import ConfigError
from tests.data.programs import no_draw
from tests.data.projects import item_with_square


def test_copies_share_their_pixels() -> None:
    item = item_with_square()

    made = list(Multiply(multiply=3).apply(item, no_draw))

    assert [each.marks for each in made] == [("m1",), ("m2",), ("m3",)]
    assert all(each.image is item.image for each in made)


def test_numbers_sort_as_they_count() -> None:
    made = list(Multiply(multiply=10).apply(item_with_square(), no_draw))

    assert made[0].marks == ("m01",)
    assert [each.marks for each in made] == sorted(each.marks for each in made)


def test_once_leaves_the_name_alone() -> None:
    (made,) = Multiply(multiply=1).apply(item_with_square(), no_draw)

    assert made.marks == ()


@pytest.mark.parametrize("number", [0, -1, 1.5, True, 10**30])
def test_refuses_no_number_of_copies(number: object) -> None:
    with pytest.raises(ConfigError, match="/multiply"):
        parse(Multiply, {"multiply": number}, source="test")
