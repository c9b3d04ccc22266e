"""Annotations painted."""

import numpy as np

from kittiseg.dtl.painting import beside, draw_visibly, painted, visible
from kittiseg.project.geometry import Size
from kittiseg.project.shapes import Point, Rectangle
from tests.data.projects import annotation_of, one_of_each, picture, square

RED, BLACK = (255, 0, 0), (0, 0, 0)


def test_later_figures_cover_earlier_ones():
    """Black covers too; classes without a colour are left out."""
    figures = [("road", square(top=0, left=0, side=4)), ("car", square(top=1, left=1, side=2))]
    annotation = annotation_of([*figures, ("sky", square(top=0, left=0, side=1))])

    paint_hwc = painted(annotation, {"car": BLACK, "road": RED})

    assert tuple(paint_hwc[0, 0]) == tuple(paint_hwc[3, 3]) == RED
    assert not paint_hwc[1:3, 1:3].any()
    assert np.count_nonzero(paint_hwc) == 12


def test_more_than_255_classes_have_their_colours():
    """Places are counted in 16 bits."""
    colors = {f"c{number}": (number % 256, number // 256, 7) for number in range(300)}
    annotation = annotation_of({"c299": square(top=0, left=0, side=2)})

    assert tuple(painted(annotation, colors)[1, 1]) == (43, 1, 7)


def test_every_shape_is_painted_as_it_is_drawn():
    for name, shape in one_of_each().items():
        annotation = annotation_of({name: shape})
        paint_hwc = painted(annotation, {name: RED})
        assert np.array_equal(paint_hwc[..., 0] > 0, annotation.to_label_map({name: 1}) > 0)


def test_rectangles_to_look_at_are_outlines():
    annotation = annotation_of({"sign": Rectangle(1, 1, 5, 4)})

    paint_hwc = painted(annotation, {"sign": RED}, draw_visibly)

    assert not paint_hwc[2:4, 2:5].any()
    assert paint_hwc[1, 1:6, 0].all()


def test_the_pen_is_broader_on_larger_pictures():
    """From 599 px on 2 px, as the original's."""
    size = Size(height=599, width=20)
    paint_hwc = painted(annotation_of({"pole": Point(10, 10)}, size=size), {"pole": RED}, draw_visibly)

    assert np.count_nonzero(paint_hwc[..., 0]) > 1


def test_paint_covers_by_half_and_black_not_at_all():
    """Left the picture, then a green column, then both; halves are cut off."""
    image_hwc = picture()
    paint_hwc = np.zeros_like(image_hwc)
    paint_hwc[0, 0] = (255, 0, 4)

    both_hwc = beside(image_hwc, paint_hwc)

    assert np.array_equal(both_hwc[:, :8], image_hwc)
    assert (both_hwc[:, 8] == (0, 255, 0)).all()
    red, green, blue = image_hwc[0, 0].tolist()
    assert both_hwc[0, 9].tolist() == [(red + 255) // 2, green // 2, (blue + 4) // 2]
    assert np.array_equal(both_hwc[1:, 9:], image_hwc[1:])


def test_black_becomes_visible():
    assert visible({"car": BLACK, "road": RED}) == {"car": (1, 1, 1), "road": RED}
