import numpy as np
import pytest

from kittiseg.project.geometry import Size
from kittiseg.project.shapes import Point
from kittiseg.report.sketch import sketch
from tests.data.projects import SMALL, annotation_of, line, one_of_each, square

RED = (255, 0, 0)


def grey(height: int, width: int) -> np.ndarray:
    image_hwc = np.full((height, width, 3), 128, np.uint8)
    image_hwc.flags.writeable = False
    return image_hwc


def changed(image_hwc: np.ndarray) -> np.ndarray:
    return (image_hwc != 128).any(axis=2)


@pytest.mark.parametrize("kind", one_of_each())
@pytest.mark.parametrize("scale", [1, 5])
def test_every_shape_is_seen_at_every_scale(kind: str, scale: int):
    """And lies, but for its outline, inside its box."""
    shape = one_of_each()[kind]
    drawn_hw = changed(sketch(grey(6 * scale, 8 * scale), annotation_of({"a": shape}), {"a": RED}))
    rows, columns = np.nonzero(drawn_hw)

    assert drawn_hw.any()
    margin = 5 if kind == "point" else 3
    assert columns.min() >= shape.box.left * scale - margin
    assert columns.max() <= shape.box.right * scale + margin
    assert rows.min() >= shape.box.top * scale - margin
    assert rows.max() <= shape.box.bottom * scale + margin


def test_a_mask_on_a_smaller_picture_covers_its_share():
    """A square of half the picture's side covers a quarter of it."""
    annotation = annotation_of({"a": square(top=0, left=0, side=100)}, size=Size(height=200, width=200))

    drawn_hwc = sketch(grey(50, 50), annotation, {"a": RED})

    assert 0.24 < changed(drawn_hwc).mean() < 0.29


def test_a_mask_that_sticks_out_is_cut():
    """On each side."""
    places = [(-2, -2), (-2, 5), (4, 6)]
    figures = [("a", square(top=top, left=left, side=4)) for top, left in places]

    drawn_hw = changed(sketch(grey(6, 8), annotation_of(figures), {"a": RED}))

    assert drawn_hw[0, 0]
    assert drawn_hw[0, 7]
    assert drawn_hw[5, 7]
    assert not drawn_hw[5, 0]


def test_a_line_on_a_thumbnail_is_not_lost():
    """One of 1000 px on a picture that is shown a tenth as large."""
    annotation = annotation_of({"a": line((0, 500), (1000, 500))}, size=Size(height=1000, width=1000))

    assert changed(sketch(grey(100, 100), annotation, {"a": RED}))[48:52].all(axis=1).any()


def test_classes_without_a_colour_are_left_out():
    annotation = annotation_of({"a": Point(3, 3)}, size=SMALL)

    assert not changed(sketch(grey(6, 8), annotation, {})).any()
