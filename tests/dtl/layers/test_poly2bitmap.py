"""Objects as the pixels that they cover."""

from kittiseg.dtl.layers.poly2bitmap import Poly2Bitmap
from kittiseg.project.shapes import Point, Polygon, Rectangle
from tests.data.programs import META, no_draw, only
from tests.data.projects import annotation_of, bitmap_of, item_of, line, polygon


def test_what_each_shape_covers() -> None:
    """Holes give their outline back, rectangles have both corners, lines are 1 px wide."""
    hole = [(2.0, 1.0), (4.0, 1.0), (4.0, 3.0), (2.0, 3.0)]
    shapes = [
        polygon((1, 0), (5, 0), (5, 4), (1, 4), holes=(hole,)),
        Rectangle(0.5, 1.4, 2.4, 2.5),
        line((0, 0), (2, 2), (3, 2)),
        Point(1.5, 2.5),
        bitmap_of("#.#", top=3, left=2),
    ]
    item = item_of(annotation_of([("car", shape) for shape in shapes]))

    made = only(Poly2Bitmap(classes_mapping={"car": "mask"}).apply(item, no_draw))

    assert [figure.shape for figure in made.annotation.figures] == [
        bitmap_of("#####", "#####", "##.##", "#####", "#####", left=1),
        bitmap_of("##", "##", "##", top=1, left=1),
        bitmap_of("#...", ".#..", "..##"),
        bitmap_of("#", top=2, left=2),
        bitmap_of("#.#", top=3, left=2),
    ]


def test_what_covers_no_pixel_goes() -> None:
    """A point on the right border is rounded out of the picture, a polygon may lie outside it."""
    outside: Polygon = polygon((9, 1), (12, 1), (12, 4))
    item = item_of(annotation_of([("car", Point(8, 1)), ("car", outside), ("bus", outside)]))

    made = only(Poly2Bitmap(classes_mapping={"car": "mask"}).apply(item, no_draw))

    assert [figure.class_name for figure in made.annotation.figures] == ["bus"]


def test_declares_bitmaps() -> None:
    assert Poly2Bitmap(classes_mapping={"lane": "mask"}).declare(META).shapes["mask"] == "bitmap"
