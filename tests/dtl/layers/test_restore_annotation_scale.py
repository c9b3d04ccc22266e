"""Figures find back to where they were."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiseg.config import parse
from kittiseg.dtl.layers.resize_annotation import ResizeAnnotation
from kittiseg.dtl.layers.restore_annotation_scale import RestoreAnnotationScale
from kittiseg.errors import DataError
from kittiseg.project.annotation import Annotation
from kittiseg.project.item import Item
from kittiseg.project.shapes import Bitmap
from tests.data.programs import no_draw, only
from tests.data.projects import annotation_of, every_shape, item_of, line


def _there_and_back(item: Item, width: int, height: int, *, keep: bool) -> Annotation:
    document = {"width": width, "height": height, "aspect_ratio": {"keep": keep}}
    resized = only(parse(ResizeAnnotation, document, source="test").apply(item, no_draw))
    return only(RestoreAnnotationScale().apply(resized, no_draw)).annotation


@given(st.integers(33, 200), st.integers(25, 200), st.booleans())
def test_larger_and_back_is_where_it_was(width: int, height: int, keep: bool) -> None:
    """Vectors exactly, bitmaps too: each pixel was several. The picture is 32 x 24 px."""
    before = every_shape().annotation
    after = _there_and_back(every_shape(), width, height, keep=keep)

    assert after.extra == before.extra
    for figure, was in zip(after.figures, before.figures, strict=True):
        if isinstance(was.shape, Bitmap):
            assert figure.shape == was.shape
        else:
            points, wanted = (shape.to_json()["points"]["exterior"] for shape in (figure.shape, was.shape))
            np.testing.assert_allclose(points, wanted, atol=1e-9)


@pytest.mark.parametrize(("width", "height"), [(-1, 7), (9, -1), (9, 20)])
def test_smaller_and_back_keeps_vectors(width: int, height: int) -> None:
    """Also where the sides were rounded, and where black lay beside, which the original stretched with the rest."""
    item = item_of(annotation_of({"lane": line((1, 2), (7, 5))}))
    shape = _there_and_back(item, width, height, keep=True).figures[0].shape

    np.testing.assert_allclose(shape.to_json()["points"]["exterior"], [[1, 2], [7, 5]], atol=1e-9)


def test_smaller_and_back_coarsens_bitmaps() -> None:
    """The picture's 32 x 24 px become 16 x 12: bitmaps come in blocks of 2 x 2 px."""
    annotation = _there_and_back(every_shape(), 16, 12, keep=False)
    labels_hw = annotation.to_label_map({"speck": 1})

    assert labels_hw.any()
    assert np.array_equal(labels_hw, labels_hw[::2, ::2].repeat(2, axis=0).repeat(2, axis=1))


def test_only_the_classes_that_are_named() -> None:
    layer = RestoreAnnotationScale(classes=("lane",))
    annotation = annotation_of({"lane": line((0, 0), (14, 8)), "edge": line((0, 0), (14, 8))})
    noted = replace(annotation, extra={"ann_size_wh": [16, 12]})

    lane, edge = (figure.shape for figure in only(layer.apply(item_of(noted), no_draw)).annotation.figures)

    assert lane == line((0, 0), (7, 4))  # and this is how a note of the original's, without factors, is read
    assert edge == line((0, 0), (14, 8))


def test_does_nothing_where_nothing_was_resized() -> None:
    item = every_shape()

    assert only(RestoreAnnotationScale().apply(item, no_draw)) is item


def test_refuses_a_damaged_note() -> None:
    item = item_of(replace(annotation_of({}), extra={"ann_size_wh": [0, "x"]}))

    with pytest.raises(DataError, match=r"'ann_size_wh' holds \[0, 'x'\]; wanted two numbers, at least 1"):
        only(RestoreAnnotationScale().apply(item, no_draw))
