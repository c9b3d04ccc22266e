"""Paths and rings of vector shapes: (n, 2) floats, each row (x, y) in px."""

from itertools import pairwise
from typing import Any

import numpy as np
import shapely

from kittiseg.errors import DataError
from kittiseg.project.geometry import Axis, Size, Window

Ring = np.ndarray

_ROUNDING = 1e-6  # px: of places that are calculated
_FARTHEST = 10_000_000  # px: beyond it lies a slip of the pen, and OpenCV's integers end


def read_points(document: Any) -> np.ndarray:
    """From JSON's ``[[x, y], ...]``; nothing is an empty array. DataError where it is something else."""
    try:
        points = np.asarray(document or [], float)
    except (TypeError, ValueError):
        points = np.empty(1)
    if points.size == 0:
        return points.reshape(0, 2)
    if points.ndim != 2 or points.shape[1] != 2 or not (np.abs(points) <= _FARTHEST).all():
        raise DataError(f"points are not a list of [x, y] pairs of numbers up to {_FARTHEST}: {str(document)[:60]}")
    return points


def read_rings(document: Any) -> tuple[Ring, list[Ring]]:
    """The exterior and the holes of an object's ``points``."""
    if not isinstance(document, dict) or not isinstance(document.get("interior") or [], list):
        raise DataError(f"'points' needs lists 'exterior' and 'interior', not {str(document)[:60]}")
    return read_points(document.get("exterior")), [read_points(hole) for hole in document.get("interior") or []]


def unclosed(ring: Ring) -> Ring:
    """Without a last point that repeats the first, unless too few would be left."""
    return ring[:-1] if len(ring) > 3 and (ring[0] == ring[-1]).all() else ring


def points_json(exterior: Ring, interior: tuple[Ring, ...] = ()) -> dict[str, Any]:
    """Whole numbers stay ints in JSON, as every tool writes them."""

    def numbers(points: np.ndarray) -> list[list[float]]:
        return [[int(v) if v.is_integer() else v for v in point] for point in points.astype(float).tolist()]

    return {"points": {"exterior": numbers(exterior), "interior": [numbers(hole) for hole in interior]}}


def mirror_points(points: np.ndarray, axis: Axis, image: Size) -> np.ndarray:
    """x' = width - x (y' = height - y), the convention of the label format for vectors."""
    column, length = (0, image.width) if axis == "vertical" else (1, image.height)
    mirrored = points.copy()
    mirrored[:, column] = length - mirrored[:, column]
    return mirrored


def clip_polygon(exterior: Ring, interior: tuple[Ring, ...], window: Window) -> list[tuple[Ring, tuple[Ring, ...]]]:
    """What of a polygon lies in a window, as (exterior, holes) in the window's coordinates, unclosed.

    An outline that crosses itself encloses what the even-odd rule says, as when it is drawn.
    """
    offset = np.array([window.left, window.top], float)
    if _holds(window, exterior):
        return [(exterior - offset, tuple(hole - offset for hole in interior))]
    if (exterior.max(axis=0) <= offset).any() or (exterior.min(axis=0) >= (window.right, window.bottom)).any():
        return []
    shape = shapely.Polygon(exterior, interior)
    if not shape.is_valid:
        holes = shapely.union_all([_enclosed(hole) for hole in interior])
        shape = shapely.difference(_enclosed(exterior), holes)
    clipped = shapely.intersection(shape, shapely.box(window.left, window.top, window.right, window.bottom))
    return [
        (_open(part.exterior) - offset, tuple(_open(hole) - offset for hole in part.interiors))
        for part in _polygons(clipped)
    ]


def clip_path(points: np.ndarray, window: Window) -> list[np.ndarray]:
    """The parts of a path inside a window, borders included, in the window's coordinates; each has n >= 2.

    Direction and self-crossings stay; a path that leaves and comes back is several.
    """
    offset = np.array([window.left, window.top], float)
    paths: list[list[np.ndarray]] = []
    goes_on = False  # whether the path was inside when the last segment ended
    for start, end in pairwise(points):
        span = _span_inside(start, end, window)
        if span is None:
            goes_on = False
            continue
        first, last = span
        if not (goes_on and first == 0):
            paths.append([_between(start, end, first, window)])
        paths[-1].append(_between(start, end, last, window))
        goes_on = last == 1
    return [np.array(path) - offset for path in paths]


def _holds(window: Window, points: np.ndarray) -> bool:
    corner, opposite = (window.left, window.top), (window.right, window.bottom)
    return bool((points >= corner).all() and (points <= opposite).all())


def _enclosed(ring: Ring) -> Any:
    return shapely.make_valid(shapely.Polygon(ring))


def _open(ring: Any) -> np.ndarray:
    return np.asarray(ring.coords)[:-1, :2]


def _polygons(geometry: Any) -> list[Any]:
    """The polygons in what shapely gave back, which may be a collection of several kinds."""
    if geometry.geom_type == "Polygon":
        return [] if geometry.is_empty else [geometry]
    return [part for inner in getattr(geometry, "geoms", ()) for part in _polygons(inner)]


def _span_inside(start: np.ndarray, end: np.ndarray, window: Window) -> tuple[float, float] | None:
    """Where a segment enters and leaves a window, 0 to 1 along it; None where at most one point of it is inside.

    Liang and Barsky, "A new concept and method for line clipping", ACM Transactions on Graphics 3 (1984).
    """
    first, last = 0.0, 1.0
    lows, highs = (window.left, window.top), (window.right, window.bottom)
    steps = (end - start).tolist()  # floats of Python, whose quotients by next to nothing are inf without a warning
    for begin, step, low, high in zip(start.tolist(), steps, lows, highs, strict=True):
        if step == 0:
            if not low <= begin <= high:
                return None
            continue
        enter, leave = sorted(((low - begin) / step, (high - begin) / step))
        first, last = max(first, enter), min(last, leave)
    return (first, last) if first < last else None


def _between(start: np.ndarray, end: np.ndarray, part: float, window: Window) -> np.ndarray:
    """The place at ``part`` (0 to 1) of the way: the ends exact, and so is the window's border where it is reached."""
    if part in (0.0, 1.0):
        return start if part == 0 else end
    place = start + (end - start) * part
    for border in ((window.left, window.top), (window.right, window.bottom)):
        place = np.where(np.abs(place - border) < _ROUNDING, border, place)
    return place
