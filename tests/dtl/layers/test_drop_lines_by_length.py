"""Which lines stay, by their length."""

import pytest

from kittiseg.config import parse
from kittiseg.dtl.layers.drop_lines_by_length import DropLinesByLength, length_px
from kittiseg.errors import ConfigError
from kittiseg.project.geometry import Size
from tests.data.programs import no_draw, only
from tests.data.projects import annotation_of, item_of, line, meta_of, square

PICTURE = Size(height=40, width=500)
LENGTHS = (3, 5, 10, 20)


def _kept(size: Size = PICTURE, **settings: float | bool) -> list[float]:
    """Which of four lines of class ``lane`` are left; lines of class ``other`` and bitmaps always are."""
    figures = [("lane", line((0, 0), (length, 0))) for length in LENGTHS]
    item = item_of(
        annotation_of([("other", line((0, 0), (4, 0))), ("car", square(top=1, left=1, side=2)), *figures], size=size)
    )
    layer = parse(DropLinesByLength, {"lines_class": "lane", **settings}, source="test")

    made = only(layer.apply(item, no_draw)).annotation

    assert made.figures[:2] == item.annotation.figures[:2]
    return [length_px(figure.shape) for figure in made.figures[2:]]


def test_both_ends_of_the_range_stay() -> None:
    assert _kept(min_length=5, max_length=10) == [5, 10]
    assert _kept(min_length=5) == [5, 10, 20]
    assert _kept(max_length=5) == [3, 5]


def test_inverted_the_range_goes() -> None:
    assert _kept(min_length=5, max_length=10, invert=True) == [3, 20]


def test_lengths_grow_with_the_picture() -> None:
    """They are meant for 1000 px; the picture has 500."""
    assert _kept(min_length=20, resolution_compensation=True) == [10, 20]


def test_a_path_counts_with_all_its_parts() -> None:
    assert length_px(line((0, 0), (3, 4), (3, 10))) == 11


def test_wants_a_length() -> None:
    with pytest.raises(ConfigError, match="give 'min_length', 'max_length' or both"):
        parse(DropLinesByLength, {"lines_class": "lane"}, source="test")


def test_refuses_a_class_that_has_no_lines() -> None:
    layer = DropLinesByLength(lines_class="car", min_length=1)

    with pytest.raises(ConfigError, match="/lines_class: 'car' is a bitmap"):
        layer.declare(meta_of({"car": "bitmap"}))
