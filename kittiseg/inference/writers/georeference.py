"""Where on the map the pixels of a TIFF file lie.

OGC 19-008r4, "OGC GeoTIFF Standard", version 1.1; GDAL's own tags as its GeoTIFF driver documents them.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO
from xml.etree import ElementTree

import numpy as np
import tifffile

PIXEL_SCALE, TIEPOINT, TRANSFORMATION = 33550, 33922, 34264
KEYS, DOUBLES, ASCII = 34735, 34736, 34737
GDAL_METADATA, GDAL_NODATA = 42112, 42113

_COPIED = (PIXEL_SCALE, TIEPOINT, TRANSFORMATION, KEYS, DOUBLES, ASCII)
_TEXT = 2  # TIFF's type of ASCII
_RASTER_TYPE, _PIXEL_IS_POINT = 1025, 2
_GEODETIC, _PROJECTED, _USER_DEFINED = 2048, 3072, 32767


@dataclass(frozen=True)
class Georeference:
    """``tags``: as they stand in the file, for tifffile's ``extratags``.

    ``affine``: (2, 3), map = affine @ (x, y, 1) with x and y in px from the picture's top left corner, pixel (0, 0)
    covering 0..1; None where the file has no such rule. ``epsg``: the code of the map's coordinates, where it has one.
    """

    tags: tuple[tuple[int, int, int, Any, bool], ...] = ()
    affine: np.ndarray | None = None
    epsg: int | None = None


def read_georeference(open_file: Callable[[], BinaryIO], *, name: str) -> Georeference:
    """That of a picture's file; an empty one where it has none, or is no TIFF file."""
    if not name.lower().endswith((".tif", ".tiff")):
        return Georeference()
    with open_file() as stream:
        try:
            tags = tifffile.TiffFile(stream).pages.first.tags
        except (tifffile.TiffFileError, ValueError, IndexError, struct.error):
            return Georeference()
        found = {code: tags[code] for code in _COPIED if code in tags}
        values = {code: tag.value for code, tag in found.items()}
        copied = [(code, int(tag.dtype), *_counted(tag), True) for code, tag in found.items()]
        if GDAL_METADATA in tags:
            copied += _of_the_whole(tags[GDAL_METADATA].value)
    keys = _short_keys(values.get(KEYS, ()))
    return Georeference(tuple(copied), _affine(values, keys), _epsg(keys))


def _counted(tag: Any) -> tuple[int, Any]:
    """How many values, and them; texts as bytes, since tifffile writes no others than ASCII's."""
    return (0, tag.value.encode()) if int(tag.dtype) == _TEXT else (tag.count, tag.value)


def _of_the_whole(metadata: str) -> list[tuple[int, int, int, Any, bool]]:
    """GDAL's metadata without what is said of single samples, which a label map has not."""
    try:
        root = ElementTree.fromstring(metadata)
    except ElementTree.ParseError:
        return []
    for item in [item for item in root if "sample" in item.attrib]:
        root.remove(item)
    return [(GDAL_METADATA, _TEXT, 0, ElementTree.tostring(root, encoding="utf-8"), True)] if len(root) else []


def _short_keys(directory: tuple[int, ...]) -> dict[int, int]:
    """The keys whose value is a short number: entries of four, (key, place, count, value), place 0, after a header."""
    entries = np.array(directory, int)
    entries = entries[: len(entries) // 4 * 4].reshape(-1, 4)[1:]
    return {key: value for key, place, _, value in entries.tolist() if place == 0}


def _affine(values: dict[int, Any], keys: dict[int, int]) -> np.ndarray | None:
    if len(values.get(TRANSFORMATION, ())) == 16:
        affine = np.array(values[TRANSFORMATION], float).reshape(4, 4)[:2, [0, 1, 3]]
    elif len(values.get(PIXEL_SCALE, ())) >= 2 and len(values.get(TIEPOINT, ())) == 6:
        across, down = values[PIXEL_SCALE][:2]
        column, row, _, x, y, _ = values[TIEPOINT]
        affine = np.array([[across, 0, x - column * across], [0, -down, y + row * down]])
    else:
        return None
    if keys.get(_RASTER_TYPE) == _PIXEL_IS_POINT:  # whole numbers are then the middles of pixels
        affine = affine @ np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
    return affine


def _epsg(keys: dict[int, int]) -> int | None:
    code = keys.get(_PROJECTED) or keys.get(_GEODETIC)
    return None if code == _USER_DEFINED else code
