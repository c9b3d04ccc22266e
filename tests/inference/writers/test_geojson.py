"""Polygons on the map."""

import json
from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely.geometry import shape

from kittiseg.inference.writers.geojson import GeoJson
from tests.data.geotiffs import SCALE, TIEPOINT, TRANSFORMATION, UTM_33N, WGS84, geotiff, keys
from tests.data.scored import drawn, scored_of
from tests.data.targets import target_in

LABELS_HW = drawn("000000", "011100", "010102", "01112.")


def written(folder: Path, source: bytes, *, name: str = "a.tif") -> dict[str, Any]:
    target = target_in(folder, name=name, source=source, written={1: "vehicle_dl", 2: "person"})
    GeoJson().write(scored_of(LABELS_HW, rows=(2, 1)), target)
    return json.loads((folder / "training/geojson/a.geojson").read_text())


def test_a_feature_for_each_connected_part(tmp_path: Path):
    """With the class's name in the project, its colour and its pixels; classes that are not written are not here."""
    document = written(tmp_path, b"", name="a.png")

    assert "crs" not in document
    assert [feature["properties"] for feature in document["features"]] == [
        {"class": "vehicle_dl", "color": "#003c64", "pixels": 8},
        {"class": "person", "color": "#dc143c", "pixels": 1},
        {"class": "person", "color": "#dc143c", "pixels": 1},
    ]
    assert document["features"][0]["geometry"] == {
        "type": "Polygon",
        "coordinates": [
            [[1, 1], [4, 1], [4, 4], [1, 4], [1, 1]],
            [[3, 2], [2, 2], [2, 3], [3, 3], [3, 2]],
        ],
    }


def test_polygons_lie_on_the_map(tmp_path: Path):
    """In its coordinates, which are named."""
    document = written(tmp_path, geotiff(SCALE, TIEPOINT, keys(UTM_33N)))

    polygon = shape(document["features"][0]["geometry"])
    assert document["crs"]["properties"]["name"] == "urn:ogc:def:crs:EPSG::32633"
    assert polygon.bounds == (499999.5, 4649775.25, 500001.0, 4649776.0)
    assert polygon.area == 8 * 0.5 * 0.25


@pytest.mark.parametrize("place", [(SCALE, TIEPOINT), (TRANSFORMATION,), ()], ids=["north up", "turned", "px"])
def test_outer_rings_are_counterclockwise(tmp_path: Path, place: tuple[tuple[object, ...], ...]):
    """By their coordinates, as RFC 7946 wants it, wherever the map's y goes; and holes clockwise."""
    document = written(tmp_path, geotiff(*place, *([keys(WGS84)] if place else [])))

    for feature in document["features"]:
        polygon = shape(feature["geometry"])
        assert shapely.is_valid(polygon)
        assert polygon.exterior.is_ccw
        assert not any(hole.is_ccw for hole in polygon.interiors)
    if place:
        assert document["crs"]["properties"]["name"] == "urn:ogc:def:crs:OGC:1.3:CRS84"


def test_nothing_found_is_a_collection_without_features(tmp_path: Path):
    """Not a file that is missing."""
    GeoJson().write(scored_of(drawn("00")), target_in(tmp_path, written={1: "vehicle"}))

    assert json.loads((tmp_path / "training/geojson/a.geojson").read_text())["features"] == []
