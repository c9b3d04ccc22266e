"""Boxes around objects."""

from kittiseg.dtl.layers.bbox import Bbox
from kittiseg.project.shapes import Point, Rectangle, Shape
from tests.data.programs import META, no_draw, only
from tests.data.projects import annotation_of, bitmap_of, item_of, line, one_of_each, polygon


def _boxes(shapes: list[Shape]) -> list[Shape]:
    item = item_of(annotation_of([("car", shape) for shape in shapes]))
    made = only(Bbox(classes_mapping={"car": "box"}).apply(item, no_draw))
    assert all(figure.class_name == "box" for figure in made.annotation.figures)
    return [figure.shape for figure in made.annotation.figures]


def test_every_shape_with_an_extent_has_a_box() -> None:
    """A bitmap's is half-open: a mask of 3 x 2 px is 3 px wide. A point has none."""
    assert _boxes(list(one_of_each().values())) == [
        Rectangle(2, 1, 5, 3),
        Rectangle(1, 1, 6, 5),
        Rectangle(1, 1, 5, 4),
        Rectangle(0, 0, 7, 4),
    ]


def test_holes_count() -> None:
    """Even one that sticks out of its polygon."""
    assert _boxes([polygon((1, 1), (3, 1), (3, 3), holes=([(2, 2), (5, 2), (2, 4)],))]) == [Rectangle(1, 1, 5, 4)]


def test_boxes_are_clipped_to_the_picture() -> None:
    """Polygons may stick out of it; those outside it go."""
    sticking_out = polygon((-2.5, 1), (20, 1), (3, 9))
    outside = polygon((8, 0), (12, 0), (12, 3))

    assert _boxes([sticking_out, outside]) == [Rectangle(0, 1, 8, 6)]


def test_what_has_no_area_goes() -> None:
    """As in 2018: points, level and upright lines."""
    assert _boxes([Point(3, 2), line((1, 1), (5, 1)), line((2, 1), (2, 4)), bitmap_of("#")]) == [Rectangle(0, 0, 1, 1)]


def test_declares_rectangles() -> None:
    assert Bbox(classes_mapping={"car": "box"}).declare(META).shapes["box"] == "rectangle"
