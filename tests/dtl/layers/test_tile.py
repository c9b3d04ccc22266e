"""Windows of pictures of any size."""

import tracemalloc
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiseg.config import parse
from kittiseg.dtl.layers.tile import Tile, place_tiles
from kittiseg.errors import ConfigError
from kittiseg.project.geometry import Size, Window
from kittiseg.project.item import Item, ItemKey
from kittiseg.project.pixels import LazyImage
from kittiseg.project.regions import region_reader
from kittiseg.project.shapes import Bitmap
from tests.data.large_pictures import tiled_tiff
from tests.data.programs import no_draw
from tests.data.projects import annotation_of, every_shape, item_of, item_with_square, meta_of, polygon, square
from tests.data.shapes import bitmaps

SIZE = Size(height=15, width=20)


def _layer(width: int, height: int, **more: Any) -> Tile:
    return parse(Tile, {"window": {"width": width, "height": height}, **more}, source="test")


def _window(made: Item) -> Window:
    left, top, width, height = made.did["window"]
    return Window(left=left, top=top, width=width, height=height)


def _places(layer: Tile, item: Item) -> list[list[int]]:
    return [made.did["window"] for made in layer.apply(item, no_draw)]


@given(bitmap=bitmaps(), width=st.integers(2, 30), height=st.integers(2, 30), y=st.integers(0, 1))
def test_tiles_show_what_is_at_their_place(bitmap: Bitmap, width: int, height: int, y: int) -> None:
    """Pixels and figures, cut from a band of the picture, are those of the picture."""
    item = item_of(annotation_of({"car": bitmap}, size=SIZE))

    for made in _layer(width, height, min_overlap={"y": y}).apply(item, no_draw):
        place = _window(made)
        np.testing.assert_array_equal(made.image.pixels(), item.image.pixels()[place.slices])
        assert made.annotation == item.annotation.crop(place)


@pytest.mark.parametrize("y", [0, 3])
def test_every_shape_is_cut_as_from_the_whole_picture(y: int) -> None:
    """Cut twice, figures are what they are when cut once, but for rounding errors."""
    item = every_shape()

    for made in _layer(7, 5, min_overlap={"y": y}).apply(item, no_draw):
        expected = item.annotation.crop(_window(made)).figures
        assert [figure.class_name for figure in made.annotation.figures] == [figure.class_name for figure in expected]
        for mine, other in zip(made.annotation.figures, expected, strict=True):
            assert mine.shape.area == pytest.approx(other.shape.area)
            assert astuple(mine.shape.box) == pytest.approx(astuple(other.shape.box))


def test_a_picture_smaller_than_the_window_is_one_tile_long() -> None:
    """On each axis for itself; where it is smaller on both, it stays whole, whatever the overlap."""
    item = item_with_square()

    assert _places(_layer(5, 50, min_overlap={"x": 2, "y": 40}), item) == [[0, 0, 5, 6], [3, 0, 5, 6]]
    assert _places(_layer(80, 80, min_overlap={"x": 79, "y": 79}), item) == [[0, 0, 8, 6]]


def test_tiles_lie_as_sliding_windows_do() -> None:
    """The tutorial's windows: 14 columns, 2 rows."""
    placed = place_tiles(Size(height=375, width=1242), Size(height=370, width=370), Size(height=0, width=300))

    assert [w.left for w in placed[:14]] == [*range(0, 841, 70), 872]
    assert [w.top for w in placed] == [0] * 14 + [5] * 14


@pytest.mark.parametrize(
    ("area", "columns"), [("8px", [0]), ("50%", [0]), ("7px", [0]), ("2px", [0, 4]), ("0%", [0, 4])]
)
def test_tiles_with_less_than_the_area_are_left_out(area: str, columns: list[int]) -> None:
    """Tiles of 4 x 4 px with 8 px of cars on the first and 2 on the second; a pixel under two cars counts once."""
    car, over = square(top=0, left=0, side=2), square(top=0, left=1, side=3)
    other = polygon((4, 3), (5, 3), (5, 3))  # two px when it is drawn
    figures = [("car", square(top=2, left=0, side=1)), ("car", car), ("car", over), ("bus", other)]
    item = item_of(annotation_of([*figures, ("sky", square(top=0, left=0, side=8))], size=Size(height=4, width=8)))
    covered = item.annotation.to_label_map({"car": 1, "bus": 1})
    assert (np.count_nonzero(covered[:, :4]), np.count_nonzero(covered[:, 4:])) == (12, 2)

    found = _places(_layer(4, 4, min_object_area={"classes": ["car", "bus"], "area": area}), item)

    assert [left for left, *_ in found] == columns


@pytest.mark.parametrize(("most", "columns"), [("0px", [8]), ("25%", [4, 8]), ("3px", [8]), ("100%", [0, 4, 8])])
def test_tiles_with_more_holes_are_left_out(most: str, columns: list[int]) -> None:
    """Three tiles of 4 x 4 px with 16, 4 and 0 px of holes, which are black, and of class sky."""
    size = Size(height=4, width=12)
    holes = [("sky", square(top=0, left=0, side=4)), ("sky", square(top=0, left=4, side=2))]
    annotation = annotation_of(holes, size=size)
    image_hwc = np.full((4, 12, 3), 255, np.uint8) * (annotation.to_label_map({"sky": 1}) == 0)[:, :, None]
    image_hwc[2, 5] = (0, 0, 1)  # almost black is no hole
    item = Item(ItemKey("source", "training", "a.png"), LazyImage.from_array(image_hwc), annotation, "training")

    for holes_are in ({"color": [0, 0, 0]}, {"class": "sky"}):
        found = _places(_layer(4, 4, holes=holes_are, max_holes=most), item)
        assert [left for left, *_ in found] == columns


@pytest.mark.parametrize("striped", [False, True])
def test_a_huge_tiff_is_read_band_by_band(striped: bool, tmp_path: Path) -> None:
    """The picture would take 25 MB; 256 rows of it take 3, and a window touches at most twice as many."""
    size = Size(height=2048, width=4096)
    path = tmp_path / "huge.tif"
    path.write_bytes(tiled_tiff(size, striped=striped))
    regions = region_reader(lambda: path.open("rb"), size, name="huge.tif")
    image = LazyImage.from_file(size, path.read_bytes, name="huge.tif", read_region=regions)
    annotation = annotation_of({"car": square(top=500, left=1000, side=300)}, size=size)
    item = Item(ItemKey("source", "training", "huge.tif"), image, annotation, "training")

    tracemalloc.start()
    made = sum(1 for tile in _layer(256, 256, min_overlap={"y": 56}).apply(item, no_draw) if tile.image.pixels().any())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert made == 16 * 10
    assert peak < 12e6


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"min_overlap": {"x": 4}}, "min_overlap x is 4 px.*only 4 px"),
        ({"max_holes": "3%"}, "'holes' and 'max_holes' go together"),
        ({"holes": {"class": "sky"}}, "'holes' and 'max_holes' go together"),
        ({"holes": {}, "max_holes": "3%"}, "either 'class' or 'color'"),
        ({"holes": {"color": [0, 0, 256]}, "max_holes": "3%"}, "/holes/color/2"),
        ({"holes": {"class": "sky"}, "max_holes": "3"}, "max_holes is '3'"),
        ({"min_object_area": {"classes": ["car"], "area": "many"}}, "area is 'many'"),
        ({"min_object_area": {"classes": [], "area": "3px"}}, "/min_object_area/classes"),
    ],
    ids=str,
)
def test_refuses_settings_that_mean_nothing(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        _layer(4, 4, **settings)


def test_classes_must_come() -> None:
    """A slip of the pen would leave every tile out, or none."""
    meta = meta_of({"car": "bitmap"})

    with pytest.raises(ConfigError, match=r"/min_object_area/classes/0: no class 'caar'.*'car'"):
        _layer(4, 4, min_object_area={"classes": ["caar"], "area": "1px"}).declare(meta)
    with pytest.raises(ConfigError, match=r"/holes/class: no class 'hole'"):
        _layer(4, 4, holes={"class": "hole"}, max_holes="1%").declare(meta)
