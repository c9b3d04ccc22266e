"""Bitmaps as polygons."""

import cv2
import numpy as np
import pytest
from hypothesis import given

from kittiseg.dtl.layers.find_contours import FindContours, contours
from kittiseg.errors import ConfigError
from kittiseg.project.shapes import Bitmap, Polygon, Shape
from tests.data.programs import META, no_draw, only
from tests.data.projects import annotation_of, bitmap_of, item_of
from tests.data.shapes import bitmaps


def _corners(shape: Shape) -> list[set[tuple[float, float]]]:
    assert isinstance(shape, Polygon)
    return [{(x, y) for x, y in ring.tolist()} for ring in (shape.exterior, *shape.interior)]


def test_corners_are_pixel_centres_and_holes_lie_on_the_pixels_around_them() -> None:
    ring = bitmap_of("####", "#..#", "#..#", "####", top=1, left=2)

    (polygon,) = contours(ring)

    exterior, hole = _corners(polygon)
    assert exterior == {(2.5, 1.5), (5.5, 1.5), (5.5, 4.5), (2.5, 4.5)}
    assert hole == {(2.5, 2.5), (3.5, 1.5), (4.5, 1.5), (5.5, 2.5), (5.5, 3.5), (4.5, 4.5), (3.5, 4.5), (2.5, 3.5)}


def test_each_part_is_a_polygon_of_its_own() -> None:
    """Parts that touch at a corner are one."""
    assert len(contours(bitmap_of("##...##", "##...##", "..##...", "..##..."))) == 2


def test_single_pixels_and_strokes_go() -> None:
    """As in 2018: a polygon has three corners."""
    assert contours(bitmap_of("#....", "..###")) == []
    assert contours(bitmap_of("...")) == []


@given(bitmaps())
def test_drawn_again_every_part_is_what_it_was(bitmap: Bitmap) -> None:
    """With its corners back on whole px; only single pixels and straight strokes are gone."""
    drawn_hw = np.zeros((16, 16), np.uint8)
    for shape in contours(Bitmap(top=2, left=2, mask_hw=bitmap.mask_hw)):
        assert isinstance(shape, Polygon)
        Polygon(shape.exterior - 0.5, tuple(hole - 0.5 for hole in shape.interior)).draw(drawn_hw, 1)
    given_hw = np.pad(bitmap.mask_hw, ((2, 14 - bitmap.window.height), (2, 14 - bitmap.window.width))).astype(np.uint8)
    _, parts_hw, facts, _ = cv2.connectedComponentsWithStats(given_hw, connectivity=8)

    assert not (drawn_hw > given_hw).any()
    for number, (_, _, width, height, area) in enumerate(facts):
        seen = drawn_hw[parts_hw == number]
        straight = area == max(width, height) and (min(width, height) == 1 or width == height)
        assert number == 0 or seen.all() or (straight and not seen.any())


def test_approximation_keeps_pixel_centres_and_small_parts() -> None:
    """The original cut the half px off; a ring of which fewer than three corners would stay is kept as it is."""
    staircase = bitmap_of("#....", "##...", "###..", "####.", "#####")
    (exact,), (rough,), (tiny,) = (
        contours(staircase),
        contours(staircase, epsilon=1),
        contours(bitmap_of("##", "##"), epsilon=9),
    )

    assert _corners(rough) == [{(0.5, 0.5), (0.5, 4.5), (4.5, 4.5)}]
    assert _corners(exact) == _corners(rough)
    assert len(_corners(tiny)[0]) == 4


def test_converts_bitmaps_only() -> None:
    """Told before a picture is read; the original failed on every picture."""
    layer = FindContours(classes_mapping={"car": "outline"})
    item = item_of(annotation_of([("car", bitmap_of("##", "##")), ("bus", bitmap_of("##", "##"))]))

    assert [figure.shape.kind for figure in only(layer.apply(item, no_draw)).annotation.figures] == [
        "polygon",
        "bitmap",
    ]
    assert layer.declare(META).shapes["outline"] == "polygon"
    with pytest.raises(ConfigError, match="'lane' is a line; this layer takes only bitmap classes"):
        FindContours(classes_mapping={"lane": "outline"}).declare(META)
