"""Vector shapes under motions, and their boxes. What they share with masks is tested in test_shapes."""

import numpy as np
import pytest

from kittiseg.project.geometry import Size, Window
from kittiseg.project.motions import Rotation, Scaling
from kittiseg.project.shapes import Point, Polygon, Rectangle
from tests.data.projects import line, polygon

SIZE = Size(height=6, width=8)
TWICE = Scaling.stretch(SIZE, Size(height=12, width=16))
QUARTER = Rotation(Size(height=8, width=8), 90)


def test_boxes_hold_every_point() -> None:
    """Also those of holes that lie outside."""
    shape = polygon((1, 2), (5, 2), (5, 4), holes=([(0, 3), (2, 3), (2, 9)],))

    assert shape.box == Rectangle(0, 2, 5, 9)
    assert line((3, 4), (1, 1)).box == Rectangle(1, 1, 3, 4)
    assert Point(2.5, 1).box == Rectangle(2.5, 1, 2.5, 1)
    assert Rectangle(1, 2, 3, 4).box == Rectangle(1, 2, 3, 4)


def test_sides_are_rounded_halves_up() -> None:
    assert Rectangle(0.5, 1.4, 2.5, 1.45).window == Window(left=1, top=1, width=2, height=0)
    assert Rectangle(-0.5, -1.6, 1, 1).window == Window(left=0, top=-2, width=1, height=3)


def test_points_go_where_the_motion_says() -> None:
    shape = polygon((1, 1), (4, 1), (4, 3), holes=([(2, 1), (3, 1), (3, 2)],))

    assert shape.move(TWICE) == [polygon((2, 2), (8, 2), (8, 6), holes=([(4, 2), (6, 2), (6, 4)],))]
    assert line((0, 0), (1, 5)).move(TWICE) == [line((0, 0), (2, 10))]
    assert Point(1.5, 2).move(TWICE) == [Point(3, 4)]


def test_a_turned_rectangle_stays_upright() -> None:
    """The others turn: after a quarter turn x becomes y, and y becomes 8 - x."""
    (box,) = Rectangle(1, 2, 4, 7).move(QUARTER)
    (turned,) = polygon((1, 2), (4, 2), (4, 7)).move(QUARTER)

    assert isinstance(turned, Polygon)
    np.testing.assert_allclose(turned.exterior, [[2, 7], [2, 4], [7, 4]], atol=1e-9)
    assert (box.left, box.top, box.right, box.bottom) == pytest.approx((2, 4, 7, 7))
