"""Windows, drawn at random, around an object, or cut from the sides."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiseg.config import parse
from kittiseg.dtl.layer import rng_for
from kittiseg.dtl.layers.crop import Crop, draw_around, whole_pixels
from kittiseg.errors import ConfigError
from kittiseg.project.geometry import Size, Window
from kittiseg.project.item import Item
from kittiseg.project.lengths import Sides
from kittiseg.project.shapes import Point, Rectangle
from tests.data.programs import META, RANDOM_CROP, WHOLE_CROP, draws, no_draw, only
from tests.data.projects import annotation_of, item_of, item_with_square, polygon, square


def _part(percent: float) -> dict[str, Any]:
    return {side: {"min_percent": percent, "max_percent": percent} for side in ("width", "height")}


def _crop(percent: float, *classes: str, probability: float = 1) -> Crop:
    around = {"classes": list(classes), "probability": probability} if classes else None
    return parse(Crop, {"random_part": _part(percent), **({"around": around} if around else {})}, source="test")


def _windows(layer: Crop, item: Item, *, count: int = 100) -> list[Window]:
    places = [only(layer.apply(item, draws(str(number)))).did["window"] for number in range(count)]
    return [Window(left=left, top=top, width=width, height=height) for left, top, width, height in places]


def test_moves_picture_and_figures_together() -> None:
    """A figure keeps its pixels wherever the window falls, and the window is told."""
    item = item_with_square(top=2, left=3, side=2)

    cropped = only(Crop(sides=Sides(left="2px", top="1px", right="1px", bottom="1px")).apply(item, no_draw))

    assert np.array_equal(cropped.image.pixels(), item.image.pixels()[1:5, 2:7])
    assert cropped.annotation.figures[0].shape == square(top=1, left=1, side=2)
    assert cropped.annotation.image == cropped.image.size == Size(height=4, width=5)
    assert cropped.did == {"window": [2, 1, 5, 4]}


def test_a_picture_without_figures_is_still_made() -> None:
    item = item_with_square(top=0, left=0, side=2)

    assert only(Crop(sides=Sides(left="3px")).apply(item, no_draw)).annotation.figures == ()


def test_the_whole_picture_is_the_whole_picture() -> None:
    """No pixel changes, and no figure."""
    item = item_with_square()

    made = only(parse(Crop, WHOLE_CROP, source="test").apply(item, draws()))

    assert np.array_equal(made.image.pixels(), item.image.pixels())
    assert made.annotation == item.annotation


def test_nothing_left_makes_nothing() -> None:
    item = item_with_square()

    assert list(Crop(sides=Sides(left="50%", right="50%")).apply(item, no_draw)) == []
    assert list(Crop(sides=Sides(left="9px")).apply(item, no_draw)) == []  # of 8, as in 2018
    assert list(_crop(0).apply(item, draws())) == []
    assert list(_crop(0, "car").apply(item, draws())) == []


def test_only_px_need_the_annotation() -> None:
    """Percentages leave something of every picture, or of none."""
    assert Crop(sides=Sides(left="3px")).needs_annotation
    assert not Crop(sides=Sides(left="3%", top="0%", right="0%", bottom="0%")).needs_annotation
    assert not parse(Crop, RANDOM_CROP, source="test").needs_annotation


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "either 'random_part' or 'sides'"),
        ({"sides": {}, **RANDOM_CROP}, "either 'random_part' or 'sides'"),
        ({"sides": {"lef": "3px"}}, "did you mean 'left'"),
        ({"sides": {"left": "3"}}, "left is '3'"),
        ({"sides": {"left": "-3px"}}, "left is '-3px'"),
        ({"sides": {}, "around": {"classes": ["car"]}}, "'around' goes with 'random_part'"),
        ({**RANDOM_CROP, "around": {"classes": []}}, "/around/classes"),
        ({**RANDOM_CROP, "around": {"classes": ["car"], "probability": 1.5}}, "/around/probability"),
    ],
    ids=str,
)
def test_refuses_settings_that_make_no_window(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse(Crop, settings, source="test")


def test_around_needs_classes_that_come() -> None:
    """A slip of the pen would else draw ordinary windows for ever."""
    assert _crop(50, "car").declare(META) == META
    with pytest.raises(ConfigError, match=r"/around/classes/1: no class 'bsu' comes.*'bus'"):
        _crop(50, "car", "bsu").declare(META)


@given(
    image=st.builds(Size, height=st.integers(1, 30), width=st.integers(1, 30)),
    window=st.builds(Size, height=st.integers(1, 30), width=st.integers(1, 30)),
    corners=st.lists(st.floats(-5, 35), min_size=4, max_size=4),
    seed=st.integers(0, 99),
)
def test_around_shows_the_object_or_its_middle(image: Size, window: Size, corners: list[float], seed: int) -> None:
    """All of it where it fits, else the pixel in its middle, on each axis; never more than the picture."""
    window = Size(height=min(window.height, image.height), width=min(window.width, image.width))
    (left, right), (top, bottom) = sorted(corners[:2]), sorted(corners[2:])
    box = whole_pixels(Rectangle(left, top, right, bottom), image)

    drawn = draw_around(image, window, box, rng_for(seed))

    assert drawn.size == window
    assert Window.whole(image).contains(drawn)
    if box.height <= window.height and box.width <= window.width:
        assert drawn.contains(box)
    middle = Window(top=(box.top + box.bottom) // 2, left=(box.left + box.right) // 2, height=1, width=1)
    assert drawn.contains(middle)


def test_around_draws_every_place_that_shows_the_object() -> None:
    """A 4 x 4 window over a 2 x 2 object in a corner and in the middle of 8 x 8 px."""
    size, window = Size(height=8, width=8), Size(height=4, width=4)
    corner, middle = (Window(top=at, left=at, height=2, width=2) for at in (0, 3))

    def places(box: Window) -> set[tuple[int, int]]:
        drawn = [draw_around(size, window, box, rng_for(0, str(number))) for number in range(300)]
        return {(window.top, window.left) for window in drawn}

    assert places(corner) == {(0, 0)}
    assert places(middle) == {(top, left) for top in (1, 2, 3) for left in (1, 2, 3)}


def test_around_takes_every_object_of_its_classes() -> None:
    """Of small objects far apart, now one and now the other is shown, never that of another class."""
    size = Size(height=10, width=90)
    figures = [("car", square(top=4, left=1, side=2)), ("bus", square(top=4, left=85, side=2))]
    item = item_of(annotation_of([*figures, ("sky", square(top=4, left=44, side=2))], size=size))

    made = [only(_crop(10, "car", "bus").apply(item, draws(str(number)))) for number in range(60)]

    assert {each.did["around"] for each in made} == {"car", "bus"}
    for each in made:
        assert {figure.class_name for figure in each.annotation.figures} == {each.did["around"]}


def test_around_without_such_objects_draws_as_without_it() -> None:
    item = item_with_square(class_name="bus")

    assert _windows(_crop(50, "car"), item) == _windows(_crop(50), item)
    assert "around" not in only(_crop(50, "car").apply(item, draws())).did


def test_around_changes_no_window_that_it_does_not_draw() -> None:
    """With a probability of one half, half of the windows are the ordinary ones."""
    item = item_with_square(size=Size(height=40, width=40))
    plain = _windows(_crop(20), item, count=200)

    assert _windows(_crop(20, "car", probability=0), item, count=200) == plain
    same = sum(map(Window.__eq__, _windows(_crop(20, "car", probability=0.5), item, count=200), plain))
    assert 70 < same < 130


def test_around_finds_objects_of_every_shape() -> None:
    """Points have a pixel too, also on the far border, where the picture has none."""
    size = Size(height=6, width=8)
    assert whole_pixels(Point(8, 6).box, size) == Window(top=5, left=7, height=1, width=1)
    assert whole_pixels(polygon((1.2, 1), (3.1, 1), (3.1, 2.5)).box, size) == Window(top=1, left=1, height=2, width=3)

    item = item_of(annotation_of({"car": Point(7.5, 0.5)}, size=size))

    assert all(each.right == 8 and each.top == 0 for each in _windows(_crop(40, "car"), item, count=20))
