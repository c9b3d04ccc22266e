"""Which windows touch shapes, and polygons on the map."""

import io
import json
import pickle
from typing import Any

import pytest

from kittiseg.errors import DataError
from kittiseg.inference.areas import Areas, map_areas
from kittiseg.inference.writers.georeference import Georeference, read_georeference
from kittiseg.project.geometry import Size, Window
from kittiseg.project.shapes import Point, Rectangle, Shape
from tests.data.geotiffs import SCALE, TIEPOINT, UTM_33N, WGS84, geotiff, keys
from tests.data.projects import bitmap_of, line, polygon

SQUARE = {"type": "Polygon", "coordinates": [[[2, 1], [4, 1], [4, 3], [2, 3], [2, 1]]]}
CRS84 = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}


def window(top: int, left: int, side: int = 1) -> Window:
    return Window(top=top, left=left, height=side, width=side)


def features(*geometries: Any, **fields: Any) -> dict[str, Any]:
    made = [{"type": "Feature", "properties": {}, "geometry": geometry} for geometry in geometries]
    return {"type": "FeatureCollection", **fields, "features": made}


@pytest.mark.parametrize(
    ("shape", "touched", "untouched"),
    [
        (polygon((2, 2), (8, 2), (8, 8), (2, 8)), window(4, 4), window(0, 0)),
        (
            polygon((2, 2), (8, 2), (8, 8), (2, 8), holes=([(3, 3), (7, 3), (7, 7), (3, 7)],)),
            window(2, 2),
            window(4, 4),
        ),
        (polygon((0, 0), (8, 8), (8, 0), (0, 8)), window(4, 7), window(1, 4)),
        (Rectangle(2, 2, 4, 4), window(3, 3), window(6, 3)),
        (Rectangle(2, 2, 2, 4), window(3, 1), window(3, 4)),
        (line((0, 0), (8, 8)), window(5, 5), window(2, 6)),
        (Point(3.5, 4.5), window(4, 3), window(4, 5)),
        (bitmap_of("#..", "...", "..#", top=2, left=2), window(4, 4), window(3, 3)),
    ],
)
def test_a_window_touches_a_shape(shape: Shape, touched: Window, untouched: Window):
    """With its pixels or its inside; holes, and what lies between the pixels of a mask, are no part of it."""
    areas = Areas.of_shapes([shape, Point(100, 100)])

    assert areas.touch(touched)
    assert not areas.touch(untouched)


def test_no_shapes_touch_nothing():
    """A picture without objects."""
    assert not Areas.of_shapes([]).touch(window(0, 0, 100))


@pytest.mark.parametrize(
    "document",
    [
        SQUARE,
        {"type": "Feature", "properties": None, "geometry": SQUARE},
        features(None, SQUARE),
        features({"type": "MultiPolygon", "coordinates": [SQUARE["coordinates"]]}),
        features({"type": "Polygon", "coordinates": [[[2, 1], [4, 1], [2, 3], [4, 3], [2, 1]]]}),
    ],
)
def test_polygons_of_a_picture_without_a_map_are_in_px(document: Any):
    """Of every kind of document."""
    areas = map_areas(document).on(Size(height=9, width=9), Georeference())

    assert areas.touch(window(1, 3))
    assert not areas.touch(window(5, 5))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "wanted Polygon and MultiPolygon, got list"),
        ({"type": "Point", "coordinates": [1, 2]}, "wanted Polygon and MultiPolygon, got Point"),
        ({"type": "FeatureCollection", "features": {}}, "'features' is no list of features"),
        (features(), "has no polygon"),
        (features(None), "has no polygon"),
        ({"type": "Polygon", "coordinates": [[["a", "b"]]]}, "json"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}, "Invalid number of points|closed"),
    ],
)
def test_what_is_no_polygon_is_refused(document: Any, message: str):
    """And named."""
    with pytest.raises(ValueError, match=message):
        map_areas(document)


def test_polygons_on_the_map_come_to_px_of_the_picture():
    """Half a metre wide and a quarter high, north up; pixel (2, 1) of the file is at (500000, 4649776)."""
    place = read_georeference(lambda: io.BytesIO(geotiff(SCALE, TIEPOINT, keys(UTM_33N))), name="a.tif")
    left, top = 499999.0, 4649776.25
    ring = [[left + 0.5 * x, top - 0.25 * y] for x, y in ((2.2, 1.2), (2.8, 1.2), (2.8, 1.8), (2.2, 1.2))]
    far = [[x + 1e5, y] for x, y in ring]
    document = features(*({"type": "Polygon", "coordinates": [points]} for points in (far, ring)))
    areas = pickle.loads(pickle.dumps(map_areas(json.loads(json.dumps(document))))).on(Size(height=4, width=6), place)

    assert [(y, x) for y in range(4) for x in range(6) if areas.touch(window(y, x))] == [(1, 2)]


def test_coordinates_of_two_maps_are_refused():
    """Where both are known; a document that names none is believed."""
    place = read_georeference(lambda: io.BytesIO(geotiff(SCALE, TIEPOINT, keys(UTM_33N))), name="a.tif")
    degrees = read_georeference(lambda: io.BytesIO(geotiff(SCALE, TIEPOINT, keys(WGS84))), name="a.tif")
    size, named = Size(height=4, width=6), features(SQUARE, crs=CRS84)

    with pytest.raises(DataError, match=r"by EPSG:32633, .*by EPSG:4326; transform the polygons"):
        map_areas(named).on(size, place)
    assert not map_areas(named).on(size, degrees).touch(window(0, 0))
    assert not map_areas(features(SQUARE)).on(size, place).touch(window(0, 0))


@pytest.mark.parametrize(
    ("name", "epsg"),
    [("urn:ogc:def:crs:EPSG::32633", 32633), ("EPSG:25832", 25832), ("urn:ogc:def:crs:EPSG:9.9:3857", 3857)],
)
def test_the_name_of_the_coordinates_is_read(name: str, epsg: int):
    """As GDAL, QGIS and others write it."""
    assert map_areas(features(SQUARE, crs={"type": "name", "properties": {"name": name}})).epsg == epsg
    assert map_areas(features(SQUARE)).epsg is None


def test_the_digest_is_of_the_polygons():
    """Not of how the document is written."""
    other = {"type": "Polygon", "coordinates": [[[2, 1], [4, 1], [4, 4], [2, 1]]]}

    assert map_areas(SQUARE).digest == map_areas(features(SQUARE)).digest
    assert map_areas(SQUARE).digest != map_areas(other).digest
    assert map_areas(SQUARE).digest != map_areas(features(SQUARE, crs=CRS84)).digest
