"""What layers that cut windows have in common."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiseg.dtl.windows import NearFigures, WindowSize, check_overlap, cut
from kittiseg.project.geometry import Size, Window
from kittiseg.project.shapes import Point, Rectangle, Shape
from kittiseg.project.windows import MinOverlap
from tests.data.projects import annotation_of, item_with_square, line, square
from tests.data.shapes import shapes

SIZE = Size(height=15, width=20)


def test_cut_moves_picture_and_figures_together() -> None:
    item = item_with_square(top=2, left=3, side=2)

    made = cut(item, Window(top=1, left=2, height=4, width=5), around="car")

    np.testing.assert_array_equal(made.image.pixels(), item.image.pixels()[1:5, 2:7])
    assert made.annotation.figures[0].shape == square(top=1, left=1, side=2)
    assert made.did == {"window": [2, 1, 5, 4], "around": "car"}


def test_the_whole_window_keeps_the_pictures_pixels() -> None:
    """A view of them, not a copy."""
    item = item_with_square()

    made = cut(item, Window.whole(item.image.size))

    assert np.shares_memory(made.image.pixels(), item.image.pixels())
    assert made.annotation == item.annotation


@given(
    shapes=st.lists(shapes(), max_size=4),
    corner=st.tuples(st.integers(0, 14), st.integers(0, 19)),
    size=st.tuples(st.integers(1, 15), st.integers(1, 20)),
)
def test_near_figures_are_cropped_as_all_are(
    shapes: list[Shape], corner: tuple[int, int], size: tuple[int, int]
) -> None:
    """Nothing that reaches into the window is taken for far away."""
    annotation = annotation_of([("car", shape) for shape in shapes], size=SIZE)
    window = Window(top=corner[0], left=corner[1], height=size[0], width=size[1])

    assert NearFigures(annotation).crop(window) == annotation.crop(window)


def test_figures_on_the_border_are_near() -> None:
    """A point on the right border belongs to the window, and so does a line along it."""
    shapes: list[Shape] = [Point(4, 2), line((4, 0), (4, 3)), Rectangle(4, 0, 6, 2)]
    near = NearFigures(annotation_of([("car", shape) for shape in shapes], size=SIZE))

    cropped = near.crop(Window(top=0, left=0, height=5, width=4))

    assert [figure.shape for figure in cropped.figures] == shapes[:2]


def test_an_overlap_leaves_a_step() -> None:
    window = WindowSize(width=5, height=4)
    check_overlap(window, MinOverlap(x=4, y=3))
    with pytest.raises(ValueError, match="min_overlap y is 4 px but the window only 4 px; make it smaller"):
        check_overlap(window, MinOverlap(y=4))
