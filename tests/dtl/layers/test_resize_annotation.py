"""Figures of another size on the same picture."""

import pytest

from kittiseg.config import parse
from kittiseg.dtl.layers.resize_annotation import ResizeAnnotation
from kittiseg.errors import DataError
from kittiseg.project.geometry import Size, Window
from kittiseg.project.shapes import Bitmap, Line
from tests.data.programs import no_draw, only
from tests.data.projects import annotation_of, item_of, line, square


def _layer(**settings: object) -> ResizeAnnotation:
    document = {"width": 16, "height": 12, "aspect_ratio": {"keep": False}, **settings}
    return parse(ResizeAnnotation, document, source="test")


def test_figures_grow_and_the_picture_stays() -> None:
    """From 8 x 6 px to 16 x 12."""
    item = item_of(annotation_of({"car": square(top=1, left=2, side=3), "lane": line((0, 0), (7, 4))}))

    made = only(_layer().apply(item, no_draw))
    car, lane = (figure.shape for figure in made.annotation.figures)

    assert made.image is item.image
    assert made.annotation.image == Size(height=6, width=8)
    assert isinstance(car, Bitmap)
    assert car.window == Window(top=2, left=4, height=6, width=6)
    assert lane == line((0, 0), (14, 8))
    assert made.annotation.to_json()["ann_size_wh"] == [16, 12]


def test_only_the_classes_that_are_named() -> None:
    item = item_of(annotation_of({"lane": line((0, 0), (7, 4)), "edge": line((0, 0), (7, 4))}))

    made = only(_layer(classes=["edge"]).apply(item, no_draw))
    lane, edge = (figure.shape for figure in made.annotation.figures)

    assert lane == line((0, 0), (7, 4))
    assert edge == line((0, 0), (14, 8))


def test_a_bitmap_of_which_nothing_is_left_goes() -> None:
    item = item_of(annotation_of({"car": square(top=0, left=0, side=1)}))

    assert only(_layer(width=2, height=2).apply(item, no_draw)).annotation.figures == ()


def test_a_kept_ratio_leaves_room_beside() -> None:
    """8 x 6 px fill 16 x 12 of 20 x 12."""
    item = item_of(annotation_of({"lane": line((0, 0), (7, 4))}))

    made = only(_layer(width=20, aspect_ratio={"keep": True}).apply(item, no_draw))

    assert isinstance(made.annotation.figures[0].shape, Line)
    assert made.annotation.figures[0].shape == line((2, 0), (16, 8))


def test_refuses_to_do_it_twice() -> None:
    item = only(_layer().apply(item_of(annotation_of({"lane": line((0, 0), (7, 4))})), no_draw))

    with pytest.raises(DataError, match=r"000000_10\.png: its annotation is resized already; put 'restore_annotation_"):
        only(_layer().apply(item, no_draw))
