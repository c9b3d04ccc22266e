"""The masks of a class become one."""

import numpy as np
import pytest

from kittiseg.dtl.layers.merge_bitmap_masks import MergeBitmapMasks
from kittiseg.errors import ConfigError, DataError
from kittiseg.project.annotation import Annotation, Figure, Tag
from kittiseg.project.shapes import Point
from tests.data.programs import no_draw, only
from tests.data.projects import SMALL, annotation_of, bitmap_of, item_of, meta_of

MERGE = MergeBitmapMasks(class_="car")


def test_one_object_that_comes_last() -> None:
    pair = [("car", bitmap_of("##", top=1, left=1)), ("bus", bitmap_of("#")), ("car", bitmap_of("#", "#", left=5))]
    item = item_of(annotation_of(pair))

    made = only(MERGE.apply(item, no_draw)).annotation

    assert made.figures == (Figure("bus", bitmap_of("#")), Figure("car", bitmap_of("....#", "##..#", left=1)))
    assert np.array_equal(made.to_label_map({"car": 1}), item.annotation.to_label_map({"car": 1}))


def test_a_single_object_stays_as_it_is() -> None:
    """But for its place."""
    car = Figure("car", bitmap_of("#"), tags=(Tag("red"),), description="mine")
    bus = Figure("bus", bitmap_of("##"))

    assert only(MERGE.apply(item_of(Annotation(SMALL, (car, bus))), no_draw)).annotation.figures == (bus, car)


def test_a_picture_without_the_class_stays() -> None:
    item = item_of(annotation_of({"bus": bitmap_of("#")}))

    assert only(MERGE.apply(item, no_draw)).annotation == item.annotation


def test_takes_masks_only() -> None:
    with pytest.raises(ConfigError, match="/class: 'car' is a point"):
        MERGE.declare(meta_of({"car": "point"}))
    with pytest.raises(DataError, match="an object of class 'car' is a point"):
        only(MERGE.apply(item_of(annotation_of({"car": Point(1, 1)})), no_draw))
