"""Outlines of components, from pictures in bands."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from skimage.measure import label

from kittiseg.inference import components
from kittiseg.inference.outlines import Outline, outlines
from kittiseg.inference.scored import NOTHING
from kittiseg.project.geometry import Window
from tests.data.scored import cut_label_maps, drawn, scored_of


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(components, "_PIXELS", 16)


def polygon_of(outline: Outline) -> shapely.Polygon:
    return shapely.Polygon(outline.rings[0], outline.rings[1:])


def pixels_of(mask_hw: np.ndarray) -> shapely.Geometry:
    """The union of squares, one for each pixel."""
    return shapely.union_all([shapely.box(x, y, x + 1, y + 1) for y, x in np.argwhere(mask_hw).tolist()])


@settings(max_examples=40)
@given(cut_label_maps())
def test_simple_outlines_are_the_union_of_the_pixels(cut: tuple[np.ndarray, list[int]]):
    """A valid polygon for each component, in the order of the first pixels, however the picture is cut into bands."""
    labels_hw, rows = cut
    ids_hw = label(labels_hw.astype(int), background=NOTHING, connectivity=1)

    found = list(outlines(scored_of(labels_hw, rows=rows), {0, 1, 2}, simple=True))

    assert len(found) == ids_hw.max()
    for number, outline in enumerate(found, start=1):
        mask_hw = ids_hw == number
        polygon = polygon_of(outline)
        assert shapely.is_valid(polygon)
        assert shapely.equals(polygon, pixels_of(mask_hw))
        assert (outline.label, outline.area) == (labels_hw[mask_hw][0], mask_hw.sum())
        assert shapely.box(*polygon.bounds).equals(shapely.box(*window_bounds(outline.window)))
        assert shapely.is_ccw(polygon.exterior)  # with y up, that is clockwise as the picture is seen
        assert not any(map(shapely.is_ccw, polygon.interiors))


def window_bounds(window: Window) -> tuple[int, int, int, int]:
    return window.left, window.top, window.right, window.bottom


@settings(max_examples=40)
@given(cut_label_maps())
def test_other_outlines_have_the_same_edges(cut: tuple[np.ndarray, list[int]]):
    """Linked another way where an outline touches itself; its area is the same."""
    labels_hw, rows = cut
    scored = scored_of(labels_hw, rows=rows)

    for one, other in zip(outlines(scored, {0, 2}), outlines(scored, {0, 2}, simple=True), strict=True):
        corners, others = (sorted(np.concatenate(each.rings).tolist()) for each in (one, other))
        assert corners == others
        assert (one.label, one.area, one.window) == (other.label, other.area, other.window)


def test_a_hole_that_is_open_in_a_corner():
    """Simple: a hole that touches the outer ring. Otherwise: a bay, and one ring that touches itself."""
    scored = scored_of(drawn("1110", "1011", "0111"))

    (simple,) = outlines(scored, {1}, simple=True)
    (other,) = outlines(scored, {1})

    assert [len(ring) for ring in simple.rings] == [8, 4]
    assert [len(ring) for ring in other.rings] == [12]


def test_labels_that_are_not_wanted_have_no_outlines():
    """Nor has a picture without pixels of those wanted."""
    assert [outline.label for outline in outlines(scored_of(drawn("012")), {0, 2})] == [0, 2]
    assert list(outlines(scored_of(drawn("012")), {3})) == []
