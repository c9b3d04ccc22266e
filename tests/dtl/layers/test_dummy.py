"""Joins streams."""

from kittiseg.dtl.layers.dummy import Dummy
from tests.data.programs import no_draw, only
from tests.data.projects import item_with_square


def test_passes_the_very_item_on() -> None:
    item = item_with_square()

    assert only(Dummy().apply(item, no_draw)) is item
