"""Figures and windows drawn over pictures, and pictures set beside one another."""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from kittiseg.project.annotation import Annotation
from kittiseg.project.geometry import Size, Window
from kittiseg.report.colors import RGB, bright

_PAPER: RGB = (255, 255, 255)
_INK: RGB = (36, 44, 56)
_WINDOW: RGB = (255, 196, 0)


def fit(image_hwc: np.ndarray, box: Size) -> np.ndarray:
    """The picture as large as the box allows, its aspect kept; a picture that fits stays as it is."""
    height, width = image_hwc.shape[:2]
    scale = min(box.height / height, box.width / width)
    if scale >= 1:
        return image_hwc
    return cv2.resize(image_hwc, _scaled(Size(height=height, width=width), scale), interpolation=cv2.INTER_AREA)


def overlay(
    image_hwc: np.ndarray, labels_hw: np.ndarray, colors: Mapping[int, RGB], *, opacity: float = 0.45
) -> np.ndarray:
    """A copy of the picture with a soft fill and a crisp line round every label that has a colour.

    The line is anti-aliased: its edge reaches 1 px beyond the label. ``labels_hw`` may be smaller or larger than the
    picture: it is resized to it, by the nearest pixel.
    """
    height, width = image_hwc.shape[:2]
    if labels_hw.shape != (height, width):
        labels_hw = cv2.resize(labels_hw, (width, height), interpolation=cv2.INTER_NEAREST)
    drawn_hwc = image_hwc.copy()
    thickness = max(1, round(max(height, width) / 900))
    for label in np.unique(labels_hw).tolist():
        if label not in colors:
            continue
        mask_hw = labels_hw == label
        drawn_hwc[mask_hw] = image_hwc[mask_hw] * (1 - opacity) + np.array(bright(colors[label])) * opacity
        contours, _ = cv2.findContours(mask_hw.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(drawn_hwc, contours, -1, bright(colors[label], lightness=0.72), thickness, cv2.LINE_AA)
    return drawn_hwc


def annotated(image_hwc: np.ndarray, annotation: Annotation, colors: Mapping[str, RGB]) -> np.ndarray:
    """A copy of the picture with its figures drawn over it, each with a line of its own.

    The picture may be a smaller copy of the one that the annotation speaks of.
    """
    labels_hw = np.zeros((annotation.image.height, annotation.image.width), np.uint16)
    chosen: dict[int, RGB] = {}
    for label, figure in enumerate(annotation.figures, start=1):
        if figure.class_name in colors and label < 65536:
            figure.shape.draw(labels_hw, label)
            chosen[label] = colors[figure.class_name]
    return overlay(image_hwc, labels_hw, chosen)


def draw_windows(image_hwc: np.ndarray, windows: Sequence[Window], *, image: Size | None = None) -> np.ndarray:
    """A copy of the picture with the outline of every window, the first one filled.

    ``image``: the size that the windows speak of, where the picture is a smaller copy.
    """
    height, width = image_hwc.shape[:2]
    drawn_hwc = (image_hwc * 0.75).astype(np.uint8)
    corners = scaled_corners(windows, image or Size(height=height, width=width), image_hwc)
    if corners:
        (left, top), (right, bottom) = corners[0]
        inside = slice(top, bottom + 1), slice(left, right + 1)
        drawn_hwc[inside] = image_hwc[inside] * 0.75 + np.array(_WINDOW) * 0.25
    for first, last in reversed(corners):
        cv2.rectangle(drawn_hwc, first, last, _WINDOW, 1)
    if corners:
        cv2.rectangle(drawn_hwc, corners[0][0], corners[0][1], _PAPER, max(2, round(width / 450)))
    return drawn_hwc


def scaled_corners(
    windows: Sequence[Window], image: Size, image_hwc: np.ndarray
) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """The first and the last pixel (x, y) of each window on a smaller copy of the picture; there is one at least."""
    height, width = image_hwc.shape[:2]
    down, right = height / image.height, width / image.width
    corners = []
    for window in windows:
        left, top = min(round(window.left * right), width - 1), min(round(window.top * down), height - 1)
        last = max(round(window.right * right) - 1, left), max(round(window.bottom * down) - 1, top)
        corners.append(((left, top), last))
    return corners


def picture_grid(
    rows: Sequence[Sequence[np.ndarray]], captions: Sequence[str], *, width: int = 1600, gap: int = 12
) -> np.ndarray:
    """Rows of pictures (such as picture, truth, prediction) in columns of one width, a caption above each column."""
    columns = len(captions)
    if not rows or any(len(row) != columns for row in rows):
        raise ValueError(f"every row needs {columns} pictures, one for each caption, and there must be a row")
    cell = (width - gap * (columns + 1)) // columns
    band = max(22, round(cell / 18))
    lines = [_row([_caption(text, height=band, width=cell) for text in captions], gap)]
    for row in rows:
        height = max(1, round(row[0].shape[0] * cell / row[0].shape[1]))
        lines.append(_row([_resized(image_hwc, height=height, width=cell) for image_hwc in row], gap))
    space_hwc = np.full((gap, lines[0].shape[1], 3), _PAPER, np.uint8)
    parts = [part for line in lines for part in (line, space_hwc)]
    return np.concatenate([space_hwc[: gap // 2], *parts], axis=0)


def _row(cells: Sequence[np.ndarray], gap: int) -> np.ndarray:
    space_hwc = np.full((cells[0].shape[0], gap, 3), _PAPER, np.uint8)
    return np.concatenate([space_hwc, *(part for cell in cells for part in (cell, space_hwc))], axis=1)


def _caption(text: str, *, height: int, width: int) -> np.ndarray:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / 100, height / 100), dpi=100, facecolor=[value / 255 for value in _PAPER])
    canvas = FigureCanvasAgg(figure)
    color = [value / 255 for value in _INK]
    figure.text(0, 0.5, text, va="center", fontsize=height * 0.45, color=color, weight="bold")
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[:, :, :3].copy()


def _resized(image_hwc: np.ndarray, *, height: int, width: int) -> np.ndarray:
    smaller = height < image_hwc.shape[0]
    return cv2.resize(image_hwc, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)


def _scaled(size: Size, scale: float) -> tuple[int, int]:
    return max(1, round(size.width * scale)), max(1, round(size.height * scale))
