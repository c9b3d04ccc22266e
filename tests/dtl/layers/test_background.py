"""A rectangle behind everything."""

import numpy as np
import pytest

from kittiseg.config import parse
from kittiseg.dtl.layers.background import Background, whole_rectangle
from kittiseg.errors import ConfigError
from kittiseg.project.geometry import Size
from kittiseg.project.shapes import Rectangle
from tests.data.programs import META, no_draw, only
from tests.data.projects import annotation_of, item_of, one_of_each


def test_comes_first_and_ends_one_px_early() -> None:
    """Rectangles are drawn with both corners."""
    item = item_of(annotation_of(one_of_each()))

    made = only(parse(Background, {"class": "ground"}, source="test").apply(item, no_draw))

    assert made.annotation.figures[0].class_name == "ground"
    assert made.annotation.figures[0].shape == Rectangle(0, 0, 7, 5)
    assert made.annotation.figures[1:] == item.annotation.figures


@pytest.mark.parametrize("size", [Size(height=4, width=3), Size(height=4, width=1), Size(height=1, width=1)])
def test_covers_every_pixel(size: Size) -> None:
    """Also where the original gave a picture 1 px wide up; it is not lost when the project is read again."""
    labels_hw = np.zeros((size.height, size.width), np.uint8)
    rectangle = whole_rectangle(size)

    rectangle.draw(labels_hw, 1)

    assert labels_hw.all()
    assert rectangle.area > 0


def test_declares_its_class() -> None:
    assert Background(class_="ground").declare(META).shapes == {**META.shapes, "ground": "rectangle"}
    with pytest.raises(ConfigError, match="/class: class 'car' is a bitmap already"):
        Background(class_="car").declare(META)
