"""Outlines drawn with a pen."""

import numpy as np

from kittiseg.dtl.outline import draw_outline
from kittiseg.project.shapes import Point, Rectangle


def test_writes_the_value_along_the_border():
    labels_hw = np.zeros((6, 8), np.uint16)

    draw_outline(Rectangle(1, 1, 5, 4), labels_hw, width=1, value=300)

    assert set(np.unique(labels_hw)) == {0, 300}
    assert labels_hw[1, 1:6].all()
    assert not labels_hw[2:4, 2:5].any()


def test_a_point_is_a_disc():
    labels_hw = np.zeros((6, 8), np.uint8)

    draw_outline(Point(3, 3), labels_hw, width=1)

    assert labels_hw.sum() == 5
