"""Outlines drawn with a broad pen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiseg.config import parse
from kittiseg.dtl.layers.line2bitmap import Line2Bitmap, draw_outline, outline
from kittiseg.errors import ConfigError
from kittiseg.project.geometry import Size
from kittiseg.project.shapes import Bitmap, Point, Rectangle, Shape
from tests.data.programs import META, no_draw, only
from tests.data.projects import SMALL, annotation_of, bitmap_of, item_of, line, polygon
from tests.data.shapes import shapes

PICTURE = Size(height=23, width=20)


@given(shapes(), st.integers(1, 9))
def test_drawn_as_on_the_whole_picture(shape: Shape, width: int) -> None:
    """Bit for bit, also where the pen or the shape sticks out of the picture."""
    whole_hw = np.zeros((PICTURE.height, PICTURE.width), np.uint8)
    draw_outline(shape, whole_hw, width=width)

    assert outline(shape, PICTURE, width=width) == Bitmap.trimmed(whole_hw)


def test_outlines_are_hollow() -> None:
    """Polygons are closed and drawn round their holes, too; bitmaps along their border pixels."""
    hole = [(3.0, 2.0), (5.0, 2.0), (5.0, 2.0)]

    assert outline(Rectangle(1, 1, 4, 4), SMALL, width=1) == bitmap_of("####", "#..#", "#..#", "####", top=1, left=1)
    assert outline(polygon((1, 0), (7, 0), (7, 4), (1, 4), holes=(hole,)), SMALL, width=1) == bitmap_of(
        "#######", "#.....#", "#.###.#", "#.....#", "#######", left=1
    )
    assert outline(bitmap_of("####", "####", "####", left=2), SMALL, width=1) == bitmap_of(
        "####", "#..#", "####", left=2
    )


def test_a_line_stays_open_and_a_point_is_a_disc() -> None:
    assert outline(line((1, 1), (1, 3), (3, 3)), SMALL, width=1) == bitmap_of("#..", "#..", "###", top=1, left=1)
    assert outline(Point(3, 2), SMALL, width=1) == bitmap_of(".#.", "###", ".#.", top=1, left=2)


@pytest.mark.parametrize(("width", "rows"), [(1, 1), (2, 3), (3, 5), (4, 5), (5, 7)])
def test_the_pen_is_the_next_odd_number_of_px_wide(width: int, rows: int) -> None:
    """As OpenCV has it, in 2018 and today."""
    bitmap = outline(line((0, 10), (20, 10)), PICTURE, width=width)

    assert bitmap is not None
    assert (bitmap.window.height, bitmap.area) == (rows, rows * PICTURE.width)


def test_what_the_pen_does_not_touch_goes() -> None:
    item = item_of(annotation_of([("lane", line((30, 0), (40, 5))), ("lane", line((0, 0), (2, 0)))]))

    made = only(Line2Bitmap(classes_mapping={"lane": "mark"}, width=1).apply(item, no_draw))

    assert [(figure.class_name, figure.shape) for figure in made.annotation.figures] == [("mark", bitmap_of("###"))]


def test_declares_bitmaps() -> None:
    assert Line2Bitmap(classes_mapping={"lane": "mark"}, width=1).declare(META).shapes["mark"] == "bitmap"


@pytest.mark.parametrize("width", [0, 2.5, 32_768])
def test_the_width_is_a_whole_number_that_opencv_can_draw(width: float) -> None:
    with pytest.raises(ConfigError, match="/width"):
        parse(Line2Bitmap, {"classes_mapping": {}, "width": width}, source="test")
