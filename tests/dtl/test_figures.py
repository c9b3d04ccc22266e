"""Conversion of figures, and drawing them no larger than they are."""

import numpy as np
import pytest
from hypothesis import given

from kittiseg.dtl.figures import check_kind, convert, filled, simplified
from kittiseg.errors import DataError
from kittiseg.project.annotation import Annotation, Figure, Tag
from kittiseg.project.geometry import Size
from kittiseg.project.shapes import Bitmap, Point, Shape
from tests.data.projects import SMALL, annotation_of, bitmap_of, item_of, one_of_each
from tests.data.shapes import shapes

PICTURE = Size(height=23, width=20)


@given(shapes())
def test_filled_as_on_the_whole_picture(shape: Shape) -> None:
    """Bit for bit what drawing into a picture of full size gives, also where the shape sticks out of it."""
    whole_hw = np.zeros((PICTURE.height, PICTURE.width), np.uint8)
    shape.draw(whole_hw, 1)

    bitmap = filled(shape, PICTURE)

    assert bitmap == Bitmap.trimmed(whole_hw)


def test_a_bitmap_inside_the_picture_stays_the_same_object() -> None:
    """Its text need not be made anew."""
    bitmap = bitmap_of("##", "#.", top=1, left=2)

    assert filled(bitmap, SMALL) is bitmap


def test_converted_figures_stand_in_the_place_of_the_old_ones() -> None:
    """One may become several, or none; what is not mentioned stays as it is, and what is to be ignored goes."""
    old = one_of_each()
    mapping = {"polygon": "part", "rectangle": "part", "line": "__ignore__", "point": "__default__"}
    new = {"polygon": [old["bitmap"], old["point"]], "rectangle": []}

    made = convert(item_of(annotation_of(old)), mapping, lambda shape: new[shape.kind])

    assert [(figure.class_name, figure.shape) for figure in made.annotation.figures] == [
        ("bitmap", old["bitmap"]),
        ("part", old["bitmap"]),
        ("part", old["point"]),
        ("point", old["point"]),
    ]


def test_converted_figures_lose_tags_and_description() -> None:
    """As in 2018; figures that are not converted keep theirs."""
    tagged = [Figure(name, Point(1, 1), tags=(Tag("near"),), description="a pole") for name in ("pole", "post")]
    item = item_of(Annotation(SMALL, tuple(tagged)))

    made = convert(item, {"pole": "pillar"}, lambda shape: [shape])

    assert made.annotation.figures == (Figure("pillar", Point(1, 1)), tagged[1])


def test_other_means_every_class_that_is_not_mentioned() -> None:
    item = item_of(annotation_of({"car": Point(1, 1), "bus": Point(2, 2)}))

    made = convert(item, {"car": "__default__", "__other__": "thing"}, lambda shape: [shape])

    assert [figure.class_name for figure in made.annotation.figures] == ["car", "thing"]


def test_an_object_of_another_shape_is_an_error_that_names_the_picture() -> None:
    """A class of shape 'any' can hold such."""
    item = item_of(annotation_of({"thing": Point(1, 1)}), name="a.png")

    with pytest.raises(DataError, match=r"source/training/a\.png: .* 'thing' is a point; .* only polygon and line"):
        check_kind(item, item.annotation.figures[0], ("polygon", "line"))


def test_simplified_keeps_corners_and_drops_what_is_near_the_path() -> None:
    """Coordinates are cut off before: 4.9 is 4, -0.5 is 0."""
    ring = np.array([(-0.5, 0), (2, 0.9), (4.9, 0), (4, 4), (0, 4)])

    assert simplified(ring, 1.5, closed=True).tolist() == [[0, 0], [4, 0], [4, 4], [0, 4]]
