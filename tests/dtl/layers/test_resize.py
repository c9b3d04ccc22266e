"""Pictures of another size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.transform import resize

from kittiseg.config import parse
from kittiseg.dtl.layers.resize import Resize
from kittiseg.errors import DataError
from kittiseg.project.geometry import Size
from kittiseg.project.item import Item
from kittiseg.project.shapes import Bitmap, Point, Rectangle
from tests.data.programs import no_draw, only
from tests.data.projects import annotation_of, item_of, item_with_square, line, polygon
from tests.data.shapes import bitmaps

SIZE = Size(height=12, width=20)


def _resized(item: Item, width: int, height: int, *, keep: bool) -> Item:
    layer = parse(Resize, {"width": width, "height": height, "aspect_ratio": {"keep": keep}}, source="test")
    return only(layer.apply(item, no_draw))


@given(bitmap=bitmaps(), width=st.integers(1, 50), height=st.integers(1, 50))
def test_figures_are_resized_as_label_maps_are(bitmap: Bitmap, width: int, height: int) -> None:
    """A bitmap drawn and then resized by scikit-image is the bitmap resized and then drawn."""
    annotation = annotation_of({"car": bitmap}, size=SIZE)

    moved = _resized(item_of(annotation), width, height, keep=False).annotation

    labels_hw = annotation.to_label_map({"car": 1})
    expected_hw = resize(labels_hw, (height, width), order=0, preserve_range=True, anti_aliasing=False)
    np.testing.assert_array_equal(moved.to_label_map({"car": 1}), expected_hw)


def test_twice_as_large_doubles_every_shape() -> None:
    """Vectors by the factor, masks by whole pixels."""
    shapes = {
        "house": polygon((1, 1), (5, 1), (5, 4), holes=([(2, 2), (3, 2), (3, 3)],)),
        "sign": Rectangle(1, 0.5, 3, 2),
        "lane": line((0, 0), (7, 3)),
        "pole": Point(2.5, 1),
        "car": Bitmap(top=1, left=2, mask_hw=np.array([[1, 0], [0, 1]])),
    }

    made = _resized(item_of(annotation_of(shapes, size=Size(height=6, width=8))), 16, 12, keep=False)

    assert [figure.shape for figure in made.annotation.figures] == [
        polygon((2, 2), (10, 2), (10, 8), holes=([(4, 4), (6, 4), (6, 6)],)),
        Rectangle(2, 1, 6, 4),
        line((0, 0), (14, 6)),
        Point(5, 2),
        Bitmap(top=2, left=4, mask_hw=np.kron(np.eye(2), np.ones((2, 2)))),
    ]
    assert made.image.size == made.annotation.image == Size(height=12, width=16)


def test_letter_boxes_on_black() -> None:
    """8 x 6 px in 8 x 13: the picture keeps its pixels, 3 rows of black lie above it and 4 below."""
    item = item_with_square(top=1, left=2, side=3)

    made = _resized(item, 8, 13, keep=True)

    image_hwc = made.image.pixels()
    np.testing.assert_array_equal(image_hwc[3:9], item.image.pixels())
    assert not image_hwc[:3].any()
    assert not image_hwc[9:].any()
    assert made.annotation.figures[0].shape.box == Rectangle(2, 4, 5, 7)


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [(4, -1, Size(height=3, width=4)), (-1, 9, Size(height=9, width=12)), (6, -1, Size(height=4, width=6))],
    ids=str,
)
def test_a_side_of_minus_one_follows_from_the_other(width: int, height: int, size: Size) -> None:
    """8 x 6 px; 4.5 is rounded to the even 4, as Python rounds."""
    made = _resized(item_with_square(), width, height, keep=True)

    assert made.image.pixels().shape[:2] == (size.height, size.width)
    assert made.annotation.image == size


def test_a_picture_of_that_size_stays_as_it_is() -> None:
    """So it is not encoded again."""
    item = item_with_square()

    made = _resized(item, 8, -1, keep=True)

    assert made.image is item.image
    assert made.annotation is item.annotation


def test_a_bitmap_between_the_pixels_is_gone() -> None:
    item = item_with_square(top=0, left=0, side=1)

    assert _resized(item, 2, 2, keep=False).annotation.figures == ()


def test_a_picture_without_pixels_is_an_error() -> None:
    """A line of 40 x 1 px would be 4 x 0.1 px large."""
    item = item_of(annotation_of({}, size=Size(height=1, width=40)), name="flat.png")

    with pytest.raises(DataError, match=r"flat.png.*40 x 1 px.*no pixel left.*larger"):
        _resized(item, 4, -1, keep=True)
