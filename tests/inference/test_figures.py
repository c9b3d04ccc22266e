"""What was found, as shapes."""

import numpy as np
import pytest
from hypothesis import given, settings
from skimage.measure import label as components_of

from kittiseg.inference import components, figures
from kittiseg.inference.config import ModelClasses
from kittiseg.inference.figures import shapes_of
from kittiseg.inference.scored import NOTHING
from kittiseg.project.geometry import Window
from kittiseg.project.shapes import Polygon, Shape, shape_from_json
from tests.data.projects import bitmap_of
from tests.data.scored import cut_label_maps, drawn, scored_of

PLACE = Window(top=3, left=2, height=9, width=9)
DRAWINGS = {
    "bitmaps": ModelClasses(),
    "objects": ModelClasses(objects=True),
    "polygons": ModelClasses(geometry="polygon", tolerance=0.0),
}


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(components, "_PIXELS", 16)
    monkeypatch.setattr(figures, "_PIXELS", 16)


def found(labels_hw: np.ndarray, drawing: ModelClasses, rows: list[int] | None = None) -> list[tuple[int, Shape]]:
    return list(shapes_of(scored_of(labels_hw, rows=rows or ()), [2, 0, 1], drawing, place=PLACE))


@pytest.mark.parametrize("drawing", DRAWINGS.values(), ids=DRAWINGS.keys())
def test_shapes_drawn_again_are_the_labels(drawing: ModelClasses):
    """At their place on the picture, whatever the bands, and also when they were written and read."""

    @settings(max_examples=50)
    @given(cut_label_maps())
    def check(cut: tuple[np.ndarray, list[int]]) -> None:
        labels_hw, rows = cut
        canvas_hw = np.full((20, 20), NOTHING, np.uint8)
        for label, shape in found(labels_hw, drawing, rows):
            again = shape_from_json(shape.kind, shape.to_json())
            assert again.box.left >= PLACE.left
            again.draw(canvas_hw, label)
        np.testing.assert_array_equal(canvas_hw[3:, 2:][: labels_hw.shape[0], : labels_hw.shape[1]], labels_hw)

    check()


@pytest.mark.parametrize("drawing", [DRAWINGS["objects"], DRAWINGS["polygons"]])
def test_each_connected_part_is_an_object(drawing: ModelClasses):
    """Class after class in the order that is asked for, then by their first pixels."""
    labels_hw = drawn("1010", "0022", "1022")

    shapes = found(labels_hw, drawing)

    assert [label for label, _ in shapes] == [2, 0, 0, 1, 1, 1]
    assert [shape.box.left for label, shape in shapes if label == 1] == [2, 4, 2]
    assert len(shapes) == components_of(labels_hw + 1, connectivity=1).max()


def test_bitmaps_lie_where_their_pixels_are():
    """One for each class, without empty margins; none for a class without pixels."""
    assert found(drawn("00..", "0.1."), ModelClasses()) == [
        (0, bitmap_of("##", "#.", top=3, left=2)),
        (1, bitmap_of("#", top=4, left=4)),
    ]


def test_polygons_are_simplified_within_the_tolerance():
    """A staircase of 1 px becomes a slope; a single pixel keeps its corners, though they are all the same."""
    labels_hw = np.full((40, 40), NOTHING, np.uint8)
    labels_hw[np.tri(40, dtype=bool)] = 1
    labels_hw[0, 39] = 1

    (_, slope), (_, speck) = found(labels_hw, ModelClasses(geometry="polygon"))

    assert isinstance(slope, Polygon)
    assert isinstance(speck, Polygon)
    assert sorted(slope.exterior.tolist()) == [[2, 3], [2, 42], [41, 42]]
    assert speck.exterior.tolist() == [[41, 3]] * 4
