"""What a prediction found, as shapes of an annotation. None is ever held as an array of the picture's size."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from kittiseg.inference.bands import windows_around
from kittiseg.inference.config import ModelClasses
from kittiseg.inference.outlines import Outline, outlines
from kittiseg.inference.scored import Scored
from kittiseg.project.bitmap_codec import RowEncoder
from kittiseg.project.geometry import Window
from kittiseg.project.shapes import Bitmap, Polygon, Shape

_PIXELS = 1 << 24  # of an object that are made at once: a byte of memory for each


def shapes_of(
    scored: Scored, labels: Sequence[int], drawing: ModelClasses, *, place: Window
) -> Iterator[tuple[int, Shape]]:
    """Labels and shapes, in the order of ``labels``; objects of one label in that of their first pixels.

    ``place``: where the scored region lies on the picture.
    """
    if drawing.geometry == "bitmap" and not drawing.objects:
        yield from class_bitmaps(scored, labels, place=place)
        return
    found: dict[int, list[Shape]] = {label: [] for label in labels}
    for outline in outlines(scored, labels):
        is_polygon = drawing.geometry == "polygon"
        shape = polygon(outline, drawing.tolerance, place=place) if is_polygon else bitmap(outline, place=place)
        found[outline.label].append(shape)
    for label, shapes in found.items():
        yield from ((label, shape) for shape in shapes)


def class_bitmaps(scored: Scored, labels: Sequence[int], *, place: Window) -> Iterator[tuple[int, Bitmap]]:
    """All pixels of each label that has some. Two passes: where they lie, then the rows."""
    windows = windows_around(scored, labels)
    encoders = {label: RowEncoder(window.size) for label, window in windows.items()}
    for band in scored.bands():
        rows = Window(top=band.top, left=0, height=len(band.labels_hw), width=scored.size.width)
        for label, window in windows.items():
            inside = window.intersect(rows)
            if inside is not None:
                encoders[label].add(band.labels_hw[inside.moved(down=-band.top).slices] == label)
    for label in labels:
        if label in windows:
            top, left = place.top + windows[label].top, place.left + windows[label].left
            yield label, Bitmap(top=top, left=left, text=encoders[label].finish())


def polygon(outline: Outline, tolerance: float, *, place: Window) -> Polygon:
    """Through the centres of the outermost pixels, those of a hole through the pixels around it.

    A corner on pixel (0, 0) is written (0, 0): drawn again, the polygon covers the same pixels. With a ``tolerance``
    (px) corners are left out, unless fewer than three would stay: Douglas and Peucker, "Algorithms for the reduction of
    the number of points required to represent a digitized line or its caricature", Cartographica 10 (1973).
    """
    corner = np.array([place.left, place.top])
    exterior, *interior = (_simplified(_centres(ring), tolerance) + corner for ring in outline.rings)
    return Polygon(exterior, tuple(interior))


def bitmap(outline: Outline, *, place: Window) -> Bitmap:
    """The pixels inside an outline. Below a horizontal edge a column changes between inside and outside."""
    window = outline.window
    edges_n22 = np.concatenate(outline.rings).reshape(-1, 2, 2) - np.array([window.left, window.top])
    row_n, (left_n, right_n) = edges_n22[:, 0, 1], np.sort(edges_n22[:, :, 0], axis=1).T
    encoder, rows = RowEncoder(window.size), max(_PIXELS // window.width, 1)
    is_inside_w = np.zeros(window.width, np.int8)
    for top in range(0, window.height, rows):
        bottom = min(top + rows, window.height)
        steps_hw = np.zeros((bottom - top, window.width + 1), np.int8)
        here_n = (row_n >= top) & (row_n < bottom)
        np.add.at(steps_hw, (row_n[here_n] - top, left_n[here_n]), 1)
        np.add.at(steps_hw, (row_n[here_n] - top, right_n[here_n]), -1)
        changes_hw = np.cumsum(steps_hw, axis=1, dtype=np.int8)[:, :-1]
        changes_hw[0] ^= is_inside_w
        is_inside_hw = np.bitwise_xor.accumulate(changes_hw, axis=0)
        is_inside_w = is_inside_hw[-1]
        encoder.add(is_inside_hw)
    return Bitmap(top=place.top + window.top, left=place.left + window.left, text=encoder.finish())


def _centres(ring: np.ndarray) -> np.ndarray:
    """The corners of a ring, each moved onto the pixel of its component that lies in it: (n, 2) int32."""
    edges_n22 = ring.reshape(-1, 2, 2).astype(np.int32)
    start_n2, end_n2 = edges_n22[:, 0], edges_n22[:, 1]
    goes_left_n = end_n2[:, 0] < start_n2[:, 0]  # below its component, so that its pixels lie above it
    goes_down_n = np.roll(start_n2[:, 1], -1) > end_n2[:, 1]  # behind the edge, its pixels lie to the left
    edges_n22[:, :, 1] -= goes_left_n[:, None]
    end_n2[:, 0] -= goes_down_n
    start_n2[:, 0] -= np.roll(goes_down_n, 1)
    return edges_n22.reshape(-1, 2)


def _simplified(ring: np.ndarray, tolerance: float) -> np.ndarray:
    """``tolerance`` 0 leaves the ring as it is."""
    corners = cv2.approxPolyDP(ring, tolerance, True)[:, 0] if tolerance else ring
    return (corners if len(corners) >= 3 else ring).astype(float)
