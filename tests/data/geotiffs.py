"""GeoTIFF files, from tags."""

from typing import Any

import numpy as np

from tests.data.large_pictures import tiff

UTM_33N, WGS84 = 32633, 4326

SCALE, TIEPOINT = (33550, 12, 3, (0.5, 0.25, 0.0)), (33922, 12, 6, (2.0, 1.0, 0.0, 500000.0, 4649776.0, 0.0))
TRANSFORMATION = (34264, 12, 16, (0.5, 0.1, 0.0, 10.0, 0.2, -0.25, 0.0, 20.0, 0, 0, 0, 0, 0, 0, 0, 1.0))


def keys(code: int, *, is_point: bool = False) -> tuple[Any, ...]:
    """The GeoKeyDirectory of a projected system, or of WGS 84."""
    place = 2048 if code == WGS84 else 3072
    entries = [(1024, 0, 1, 2 if code == WGS84 else 1), (1025, 0, 1, 2 if is_point else 1), (place, 0, 1, code)]
    directory = (1, 1, 0, len(entries), *(number for entry in entries for number in entry))
    return 34735, 3, len(directory), directory


def geotiff(*tags: tuple[Any, ...]) -> bytes:
    """A grey picture of 6 x 4 px with these tags: code, type, count, value."""
    return tiff(np.zeros((4, 6), np.uint8), photometric="minisblack", extratags=[(*tag, True) for tag in tags])
