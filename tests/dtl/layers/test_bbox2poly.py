"""Rectangles as polygons."""

import pytest

from kittiseg.dtl.layers.bbox2poly import Bbox2Poly
from kittiseg.errors import ConfigError
from kittiseg.project.shapes import Rectangle
from tests.data.programs import META, no_draw, only
from tests.data.projects import annotation_of, item_of, meta_of, polygon


def test_a_rectangle_has_four_corners() -> None:
    item = item_of(annotation_of({"sign": Rectangle(1, 0.5, 4, 3)}))

    (figure,) = only(Bbox2Poly(classes_mapping={"sign": "board"}).apply(item, no_draw)).annotation.figures

    assert figure.class_name == "board"
    assert figure.shape == polygon((1, 0.5), (1, 3), (4, 3), (4, 0.5))


def test_takes_rectangles_only() -> None:
    """Told before a picture is read; the original failed on every picture."""
    assert Bbox2Poly(classes_mapping={"sign": "board"}).declare(meta_of({"sign": "rectangle"})).shapes == {
        "board": "polygon"
    }
    with pytest.raises(ConfigError, match="'car' is a bitmap; this layer takes only rectangle classes"):
        Bbox2Poly(classes_mapping={"car": "board"}).declare(META)
