"""Masks corrected by another mask."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kittiseg.config import parse
from kittiseg.dtl.layers.bitwise_masks import BitwiseMasks, Operation, combine
from kittiseg.errors import ConfigError
from kittiseg.project.annotation import Figure
from kittiseg.project.geometry import Size
from kittiseg.project.shapes import Bitmap, Shape
from tests.data.programs import no_draw, only
from tests.data.projects import annotation_of, bitmap_of, item_of, meta_of

ROAD = bitmap_of("##", "##", top=1, left=1)
CRACK = bitmap_of("##", top=2, left=2)
TINY = Size(height=4, width=5)


def _layer(operation: str, *correct: str) -> BitwiseMasks:
    settings = {"type": operation, "class_mask": "road", "classes_to_correct": correct or ["crack"]}
    return parse(BitwiseMasks, settings, source="test")


def _apply(layer: BitwiseMasks, *figures: tuple[str, Shape]) -> tuple[Figure, ...]:
    return only(layer.apply(item_of(annotation_of(list(figures), size=TINY)), no_draw)).annotation.figures


@pytest.mark.parametrize(
    ("operation", "corrected"),
    [
        ("or", bitmap_of("##.", "###", top=1, left=1)),
        ("and", bitmap_of("#", top=2, left=2)),
        ("nor", bitmap_of("#####", "#..##", "#...#", "#####")),  # the original's was the exclusive or
    ],
)
def test_what_each_makes(operation: Operation, corrected: Bitmap) -> None:
    """The correcting mask stays, and all other classes."""
    figures = _apply(_layer(operation), ("crack", CRACK), ("road", ROAD), ("car", CRACK))

    assert figures == (Figure("crack", corrected), Figure("road", ROAD), Figure("car", CRACK))


_MASK = arrays(bool, (4, 5))


@given(_MASK, _MASK, st.sampled_from(["or", "and", "nor"]))
def test_as_numpy_has_it(one_hw: Any, other_hw: Any, operation: Operation) -> None:
    one, other = Bitmap.trimmed(one_hw), Bitmap.trimmed(other_hw)
    if one is None or other is None:
        return
    expected_hw = {"or": one_hw | other_hw, "and": one_hw & other_hw, "nor": ~one_hw & ~other_hw}[operation]

    assert combine(one, other, operation, image=TINY) == Bitmap.trimmed(np.ascontiguousarray(expected_hw))


def test_the_first_object_of_the_mask_class_counts() -> None:
    figures = _apply(_layer("and"), ("road", ROAD), ("crack", CRACK), ("road", CRACK))

    assert figures[1] == Figure("crack", bitmap_of("#", top=2, left=2))


def test_what_loses_all_its_px_goes() -> None:
    assert _apply(_layer("and"), ("road", ROAD), ("crack", bitmap_of("#"))) == (Figure("road", ROAD),)


def test_without_the_mask_class_nothing_changes() -> None:
    assert _apply(_layer("and"), ("crack", CRACK)) == (Figure("crack", CRACK),)


def test_a_mask_does_not_correct_its_own_class() -> None:
    figures = (("road", ROAD), ("road", CRACK))

    assert _apply(_layer("nor", "road", "crack"), *figures) == tuple(Figure(*figure) for figure in figures)


def test_takes_masks_only() -> None:
    layer = _layer("or")

    with pytest.raises(ConfigError, match="/class_mask: 'road' is a line"):
        layer.declare(meta_of({"road": "line", "crack": "bitmap"}))
    with pytest.raises(ConfigError, match="/classes_to_correct/0: 'crack' is a line"):
        layer.declare(meta_of({"road": "bitmap", "crack": "line"}))
    with pytest.raises(ConfigError, match="/type"):
        _layer("xor")
