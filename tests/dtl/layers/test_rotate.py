"""Pictures turned by an angle."""

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiseg.config import parse
from kittiseg.dtl.layers.rotate import LONGEST_SIDE, Rotate
from kittiseg.errors import ConfigError, DataError
from kittiseg.project.geometry import Size
from kittiseg.project.item import Item
from kittiseg.project.pixels import LazyImage
from kittiseg.project.shapes import Bitmap, Rectangle
from tests.data.programs import draws, only
from tests.data.projects import annotation_of, item_of, item_with_square, picture, polygon, square

SIZE = Size(height=40, width=60)
MODES = ["keep", "crop", "preserve_size"]


def _layer(least: float, most: float, mode: str = "keep") -> Rotate:
    angles = {"min_degrees": least, "max_degrees": most}
    return parse(Rotate, {"rotate_angles": angles, "black_regions": {"mode": mode}}, source="test")


def _turned(item: Item, degrees: float, mode: str = "keep") -> Item:
    return only(_layer(degrees, degrees, mode).apply(item, draws()))


def _white_where(mask_hw: np.ndarray) -> LazyImage:
    return LazyImage.from_array(np.repeat(mask_hw[:, :, None] * np.uint8(255), 3, axis=2))


def _item(**shapes: Any) -> Item:
    """A picture that is white where its first figure is."""
    annotation = annotation_of(shapes, size=SIZE)
    (name, *_) = shapes
    item = item_of(annotation)
    return Item(item.key, _white_where(annotation.to_label_map({name: 1})), annotation, item.dataset)


def _apart(one_hw: np.ndarray, other_hw: np.ndarray, *, px: int) -> bool:
    """Whether two masks differ by more than so many px anywhere."""
    around = np.ones((2 * px + 1, 2 * px + 1), np.uint8)
    one, other = one_hw.astype(np.uint8), other_hw.astype(np.uint8)
    return bool((one > cv2.dilate(other, around)).any() or (other > cv2.dilate(one, around)).any())


@pytest.mark.parametrize("mode", MODES)
@given(degrees=st.floats(-360, 360))
def test_pixels_and_figures_turn_together(mode: str, degrees: float) -> None:
    """White pixels lie where the figures that they show lie: masks to a px, polygons to two."""
    corners = [(10, 8), (44, 8), (44, 30), (10, 30)]
    mask_hw = np.ones((23, 35), bool)
    item = _item(car=Bitmap(top=8, left=10, mask_hw=mask_hw), house=polygon(*corners))

    for turned in _layer(degrees, degrees, mode).apply(item, draws()):
        white_hw = turned.image.pixels()[:, :, 0] > 127
        assert turned.image.size == turned.annotation.image
        assert not _apart(turned.annotation.to_label_map({"car": 1}), white_hw, px=1)
        assert not _apart(turned.annotation.to_label_map({"house": 1}), white_hw, px=2)


@pytest.mark.parametrize("mode", MODES)
def test_an_angle_of_zero_changes_nothing(mode: str) -> None:
    item = item_with_square(size=SIZE)

    turned = _turned(item, 0, mode)

    np.testing.assert_array_equal(turned.image.pixels(), item.image.pixels())
    assert turned.annotation == item.annotation


def test_turns_counter_clockwise() -> None:
    """What lay on the right lies on top after 90 degrees."""
    turned = _turned(_item(car=square(top=18, left=50, side=4)), 90)

    box = turned.annotation.figures[0].shape.box
    assert box.bottom < 15
    assert turned.image.size.height == 60


def test_keep_grows_and_preserve_size_does_not() -> None:
    """At 45 degrees both sides are (60 + 40) / sqrt(2) = 70.7 px, rounded up."""
    item = item_with_square(size=SIZE)

    assert _turned(item, 45).image.size == Size(height=71, width=71)
    assert _turned(item, 45, "preserve_size").image.size == SIZE


@given(degrees=st.floats(0, 360), height=st.integers(20, 60), width=st.integers(20, 60))
def test_crop_leaves_no_black(degrees: float, height: int, width: int) -> None:
    """Of a white picture, every pixel that is kept is white but for the blurred border."""
    size = Size(height=height, width=width)
    item = item_of(annotation_of({}, size=size))
    white = Item(item.key, _white_where(np.ones((height, width), bool)), item.annotation, item.dataset)

    for turned in _layer(degrees, degrees, "crop").apply(white, draws()):
        assert turned.image.pixels()[2:-2, 2:-2].all()


def test_preserve_size_is_black_where_the_turned_picture_ends() -> None:
    """A wide picture turned by 90 degrees is narrower than itself: black on both sides, the middle in the middle."""
    item = item_of(annotation_of({}, size=Size(height=10, width=30)))
    white = Item(item.key, _white_where(np.ones((10, 30), bool)), item.annotation, item.dataset)

    columns_w = _turned(white, 90, "preserve_size").image.pixels().any(axis=(0, 2))

    assert not columns_w[:9].any()
    assert columns_w[11:19].all()
    assert not columns_w[21:].any()


def test_a_rectangle_becomes_the_one_around_its_corners() -> None:
    """The original of 2018 gave the picture up."""
    turned = _turned(_item(sign=Rectangle(20, 10, 40, 30)), 45)

    (box,) = [figure.shape for figure in turned.annotation.figures]
    assert isinstance(box, Rectangle)
    assert box.right - box.left == pytest.approx(20 * np.sqrt(2))
    assert box.bottom - box.top == pytest.approx(20 * np.sqrt(2))


def test_figures_outside_of_what_is_cut_are_gone() -> None:
    """At 90 degrees a wide picture keeps its middle only."""
    turned = _turned(_item(car=square(top=0, left=0, side=5), bus=square(top=18, left=28, side=5)), 90, "preserve_size")

    assert [figure.class_name for figure in turned.annotation.figures] == ["bus"]


@pytest.mark.parametrize(("mode", "right"), [("keep", 70.0), ("crop", 60.0), ("preserve_size", 60.0)])
def test_a_polygon_that_sticks_out_is_cut_where_the_picture_is(mode: str, right: float) -> None:
    """Also where the cut leaves the whole picture, as in 2018."""
    turned = _turned(_item(house=polygon((10, 10), (70, 10), (70, 20), (10, 20))), 0, mode)

    assert turned.annotation.figures[0].shape.box == Rectangle(10, 10, right, 20)


def test_angles_are_drawn_from_the_range_and_told() -> None:
    item = item_with_square()

    angles = [only(_layer(-20, 50).apply(item, draws(str(number)))).did["angle"] for number in range(100)]

    assert -20 <= min(angles) < -10
    assert 40 < max(angles) <= 50


def test_a_picture_too_large_to_be_turned_is_named() -> None:
    """Its pixels are not read for that."""
    size = Size(height=2, width=LONGEST_SIDE + 1)
    item = item_of(annotation_of({}, size=Size(height=2, width=2)), name="long.png")
    long = Item(item.key, LazyImage(size, lambda: picture(size)), annotation_of({}, size=size), item.dataset)

    with pytest.raises(DataError, match=r"long.png: 32767 x 2 px.*crop or tile"):
        list(_layer(1, 2).apply(long, draws()))


def test_refuses_an_empty_range() -> None:
    with pytest.raises(ConfigError, match="min_degrees 3 is above max_degrees 2"):
        _layer(3, 2)


def test_the_longest_side_is_one_that_opencv_turns() -> None:
    """One px more and it raises."""
    item = item_of(annotation_of({}, size=Size(height=1, width=LONGEST_SIDE)))

    assert _turned(item, 0).image.pixels().shape == (1, LONGEST_SIDE, 3)
