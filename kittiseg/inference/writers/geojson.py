"""``geojson``: what was found as polygons on the map."""

import json
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from kittiseg.config import settings
from kittiseg.inference.outlines import Outline, outlines
from kittiseg.inference.scored import Scored
from kittiseg.inference.writers.georeference import Georeference, read_georeference
from kittiseg.inference.writers.target import Target

_DIGITS = 9  # behind the point: a tenth of a mm in degrees
_WGS84 = 4326


@settings
class GeoJson:
    """``<data set>/geojson/<stem>.geojson``: a polygon for each connected part of a class, along the edges of pixels.

    In the map's coordinates where the source is a GeoTIFF file, which ``crs`` then names; else in px, y down. RFC 7946
    with the ``crs`` of the GeoJSON format of 2008, as GDAL writes it. Each polygon has its class, its colour and its
    area in px.
    """

    as_: Literal["geojson"] = "geojson"

    def write(self, scored: Scored, target: Target) -> None:
        place = read_georeference(target.open_source, name=target.key.name)
        head = {"type": "FeatureCollection", "name": target.key.stem, **_crs(place)}
        with target.files.replacing(target.path("geojson", ".geojson")) as stream:
            stream.write(json.dumps(head, ensure_ascii=False).encode()[:-1] + b', "features": [')
            for index, feature in enumerate(_features(scored, target, place.affine)):
                stream.write((b",\n" if index else b"\n") + json.dumps(feature, ensure_ascii=False).encode())
            stream.write(b"\n]}\n")


def _crs(place: Georeference) -> dict[str, Any]:
    """Longitude before latitude, which GeoJSON has always had, is ``CRS84`` where it is WGS 84."""
    if place.affine is None or place.epsg is None:
        return {}
    name = "urn:ogc:def:crs:OGC:1.3:CRS84" if place.epsg == _WGS84 else f"urn:ogc:def:crs:EPSG::{place.epsg}"
    return {"crs": {"type": "name", "properties": {"name": name}}}


def _features(scored: Scored, target: Target, affine: np.ndarray | None) -> Iterator[dict[str, Any]]:
    for outline in outlines(scored, target.written, simple=True):
        properties = {
            "class": target.written[outline.label],
            "color": target.classes[outline.label].color,
            "pixels": outline.area,
        }
        geometry = {"type": "Polygon", "coordinates": _coordinates(outline, affine)}
        yield {"type": "Feature", "properties": properties, "geometry": geometry}


def _coordinates(outline: Outline, affine: np.ndarray | None) -> list[list[list[float]]]:
    """Closed rings, the outer one counterclockwise by its coordinates, the others clockwise."""
    rings = [np.concatenate([ring, ring[:1]]) for ring in outline.rings]
    if affine is None:
        return [ring.tolist() for ring in rings]  # y is down, so that clockwise as it is seen is right
    is_mirrored = np.linalg.det(affine[:, :2]) < 0
    placed = [np.round(ring @ affine[:, :2].T + affine[:, 2], _DIGITS) for ring in rings]
    return [(ring[::-1] if is_mirrored else ring).tolist() for ring in placed]
