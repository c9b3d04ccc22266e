"""Bitmaps of which no two share a pixel."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kittiseg.dtl.layers.rasterize import Rasterize, visible
from kittiseg.project.geometry import Size
from kittiseg.project.shapes import Point, Rectangle, Shape
from tests.data.programs import META, no_draw, only
from tests.data.projects import annotation_of, bitmap_of, item_of, line, square
from tests.data.shapes import shapes

PICTURE = Size(height=23, width=20)


def test_later_objects_cut_earlier_ones() -> None:
    """Each stays one object, also where it falls apart."""
    item = item_of(annotation_of([("car", square(top=0, left=0, side=3)), ("lane", line((0, 1), (3, 1)))]))

    made = only(Rasterize(classes_mapping={"car": "body", "lane": "mark"}).apply(item, no_draw))

    assert [(figure.class_name, figure.shape) for figure in made.annotation.figures] == [
        ("body", bitmap_of("###", "...", "###")),
        ("mark", bitmap_of("####", top=1)),
    ]


def test_covered_objects_go() -> None:
    item = item_of(annotation_of([("car", square(top=1, left=1, side=2)), ("bus", Rectangle(0, 0, 5, 5))]))

    made = only(Rasterize(classes_mapping={"car": "part", "bus": "part"}).apply(item, no_draw))

    assert [figure.shape for figure in made.annotation.figures] == [bitmap_of(*["######"] * 6)]


def test_other_objects_stay_and_come_first() -> None:
    """The original of 2018 dropped them, against its documentation; they neither cut nor are cut."""
    sky, box = square(top=0, left=0, side=4), Rectangle(1, 1, 3, 3)
    item = item_of(annotation_of([("car", Point(1, 1)), ("sky", sky), ("bus", box), ("gone", box)]))

    made = only(Rasterize(classes_mapping={"car": "dot", "gone": "__ignore__"}).apply(item, no_draw))

    assert [(figure.class_name, figure.shape) for figure in made.annotation.figures] == [
        ("sky", sky),
        ("bus", box),
        ("dot", bitmap_of("#", top=1, left=1)),
    ]


@settings(max_examples=50)
@given(st.lists(shapes(), max_size=6))
def test_drawn_one_after_another_nothing_changes(drawn: list[Shape]) -> None:
    """The picture of all classes is the same before and after, and no pixel belongs to two objects."""
    before_hw, after_hw, count_hw = (np.zeros((PICTURE.height, PICTURE.width), np.uint8) for _ in range(3))
    for number, shape in enumerate(drawn, start=1):
        shape.draw(before_hw, number)

    for number, bitmap in enumerate(visible(drawn, PICTURE), start=1):
        if bitmap is not None:
            bitmap.draw(after_hw, number)
            count_hw[bitmap.window.slices] += bitmap.mask_hw

    assert np.array_equal(before_hw, after_hw)
    assert count_hw.max() <= 1


def test_more_objects_than_a_byte_can_number() -> None:
    points: list[Shape] = [Point(number % 20, number // 20) for number in range(300)]

    seen = visible(points, PICTURE)

    assert [bitmap.area for bitmap in seen if bitmap is not None] == [1.0] * 300


def test_declares_bitmaps_beside_the_others() -> None:
    assert Rasterize(classes_mapping={"lane": "mark"}).declare(META).shapes == {
        "car": "bitmap",
        "bus": "bitmap",
        "sky": "bitmap",
        "mark": "bitmap",
    }
