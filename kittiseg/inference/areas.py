"""Parts of pictures that somebody drew, and which windows touch them: objects of annotations, polygons on a map."""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely

from kittiseg.errors import DataError
from kittiseg.inference.writers.georeference import Georeference
from kittiseg.project.geometry import Size, Window
from kittiseg.project.shapes import Bitmap, Line, Point, Polygon, Rectangle, Shape

_CODE = re.compile(r"EPSG:(?:[^:]*:)?(\d+)$")
_WGS84 = 4326


class Areas:
    """Shapes on a picture, in px. Masks count by their pixels, other shapes with their outline."""

    def __init__(self, geometries: Iterable[Any] = (), masks: Sequence[Bitmap] = ()) -> None:
        self._geometries_n = np.array(list(geometries), object)
        self._masks = masks
        self._tree = shapely.STRtree(self._geometries_n)
        shapely.prepare(self._geometries_n)

    @classmethod
    def of_shapes(cls, shapes: Sequence[Shape]) -> "Areas":
        masks = [shape for shape in shapes if isinstance(shape, Bitmap)]
        return cls((_geometry(shape) for shape in shapes if not isinstance(shape, Bitmap)), masks)

    def touch(self, window: Window) -> bool:
        """Whether one of them has a point in the window, or on its edge."""
        box = shapely.box(window.left, window.top, window.right, window.bottom)
        near_n = self._geometries_n[self._tree.query(box)]
        return bool(shapely.intersects(near_n, box).any()) or any(mask.crop(window) for mask in self._masks)


@dataclass(frozen=True)
class MapAreas:
    """Polygons in coordinates of a map, or, for pictures that lie on none, in px.

    ``epsg``: of their coordinates, where that is known. They can be pickled.
    """

    polygons: tuple[Any, ...]
    epsg: int | None = None

    @cached_property
    def _tree(self) -> Any:
        return shapely.STRtree(self.polygons)

    def __reduce__(self) -> Any:
        return MapAreas, (self.polygons, self.epsg)

    @property
    def digest(self) -> str:
        """Equal for the same polygons in the same order."""
        return hashlib.blake2b(b"".join([str(self.epsg).encode(), *shapely.to_wkb(self.polygons)])).hexdigest()

    def on(self, size: Size, place: Georeference) -> Areas:
        """Those that touch a picture, in its px. DataError where both name their coordinates, and not the same."""
        if place.affine is None:
            return Areas(self.polygons)
        if None not in (self.epsg, place.epsg) and self.epsg != place.epsg:
            raise DataError(
                f"the picture lies on the map by EPSG:{place.epsg}, the polygons of the mode's skip/inside by "
                f"EPSG:{self.epsg}; transform the polygons (ogr2ogr -t_srs EPSG:{place.epsg})"
            )
        matrix, origin = place.affine[:, :2], place.affine[:, 2]
        if not np.linalg.det(matrix):
            raise DataError("the picture's georeference puts all of it on a line of the map; mend its tags")
        corners_42 = np.array([[0, 0], [size.width, 0], [size.width, size.height], [0, size.height]], float)
        seen = shapely.Polygon(corners_42 @ matrix.T + origin)
        near = [self.polygons[index] for index in sorted(self._tree.query(seen, predicate="intersects"))]
        inverse = np.linalg.inv(matrix).T
        return Areas(shapely.transform(polygon, lambda points_n2: (points_n2 - origin) @ inverse) for polygon in near)


def map_areas(document: Any) -> MapAreas:
    """The polygons of a GeoJSON document; ValueError says what is wrong with it.

    A feature collection, a feature or a geometry, RFC 7946, with the ``crs`` of 2008. Features without a geometry are
    none; a polygon that crosses itself encloses what the even-odd rule says.
    """
    geometries = [entry for entry in _geometries(document) if entry is not None]
    kinds = {entry.get("type") if isinstance(entry, dict) else type(entry).__name__ for entry in geometries}
    if not kinds <= {"Polygon", "MultiPolygon"}:
        raise ValueError(f"wanted Polygon and MultiPolygon, got {', '.join(sorted(map(str, kinds)))}")
    try:
        found = [shapely.from_geojson(json.dumps(entry)) for entry in geometries]
    except shapely.errors.GEOSException as error:
        raise ValueError(str(error)) from None
    polygons = [_valid(polygon) for polygon in shapely.get_parts(found) if not polygon.is_empty]
    if not polygons:
        raise ValueError("has no polygon")
    return MapAreas(tuple(polygons), _epsg(document))


def _geometries(document: Any) -> list[Any]:
    """Those of all features; the document itself where it has none."""
    kind = document.get("type") if isinstance(document, dict) else None
    if kind == "FeatureCollection":
        features = document.get("features")
        if not isinstance(features, list) or not all(isinstance(feature, dict) for feature in features):
            raise ValueError("'features' is no list of features")
        return [feature.get("geometry") for feature in features]
    return [document.get("geometry") if kind == "Feature" else document]


def _epsg(document: Any) -> int | None:
    """None where the document names no ``crs``: writers of pixel coordinates name none either."""
    crs = document.get("crs")
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = str(properties.get("name")) if isinstance(properties, dict) else ""
    code = _CODE.search(name)
    return int(code[1]) if code else _WGS84 if name.endswith("CRS84") else None


def _geometry(shape: Shape) -> Any:
    if isinstance(shape, Polygon):
        return _valid(shapely.Polygon(shape.exterior, shape.interior))
    if isinstance(shape, Rectangle):
        return _valid(shapely.box(shape.left, shape.top, shape.right, shape.bottom))
    if isinstance(shape, Line):
        return shapely.LineString(shape.points)
    assert isinstance(shape, Point), f"a {shape.kind} is no shape that is known here"
    return shapely.Point(shape.x, shape.y)


def _valid(geometry: Any) -> Any:
    return geometry if geometry.is_valid else shapely.make_valid(geometry)
