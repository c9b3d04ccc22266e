"""Figures drawn over a picture that is shown at another scale: areas with an outline, lines and points thick enough."""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from kittiseg.project.annotation import Annotation
from kittiseg.project.shapes import Bitmap, Line, Point, Polygon, Rectangle, Shape
from kittiseg.report.colors import RGB, bright

_SHIFT = 4  # bits of a pixel's fraction that OpenCV draws with


def sketch(
    image_hwc: np.ndarray, annotation: Annotation, colors: Mapping[str, RGB], *, opacity: float = 0.45
) -> np.ndarray:
    """A copy of the picture with its figures, in painter's order; classes without a colour are left out.

    The picture may be a smaller or larger copy of the one that the annotation speaks of: lines, points and outlines are
    as thick on it as on any other.
    """
    height, width = image_hwc.shape[:2]
    scale_xy = np.array([width / annotation.image.width, height / annotation.image.height])
    drawn_hwc = image_hwc.copy()
    for figure in annotation.figures:
        if figure.class_name in colors:
            color = colors[figure.class_name]
            mask_hw = _filled(figure.shape, scale_xy, (height, width))
            drawn_hwc[mask_hw] = image_hwc[mask_hw] * (1 - opacity) + np.array(bright(color)) * opacity
            _stroke(drawn_hwc, figure.shape, mask_hw, scale_xy, bright(color, lightness=0.68))
    return drawn_hwc


def _filled(shape: Shape, scale_xy: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The pixels that an area covers; none of a line or point."""
    mask_hw = np.zeros(size, np.uint8)
    if isinstance(shape, Bitmap):
        box = shape.window
        left, right = np.round(np.array([box.left, box.right]) * scale_xy[0]).astype(int).tolist()
        top, bottom = np.round(np.array([box.top, box.bottom]) * scale_xy[1]).astype(int).tolist()
        target = max(right - left, 1), max(bottom - top, 1)
        part_hw = cv2.resize(shape.mask_hw.astype(np.uint8), target, interpolation=cv2.INTER_NEAREST)
        inside_hw = mask_hw[max(top, 0) : top + target[1], max(left, 0) : left + target[0]]
        inside_hw[:] = part_hw[max(-top, 0) :, max(-left, 0) :][: inside_hw.shape[0], : inside_hw.shape[1]]
    elif isinstance(shape, Polygon | Rectangle):
        exterior, *holes = [_pixels(ring, scale_xy) for ring in _rings(shape)]
        cv2.fillPoly(mask_hw, [exterior], 1, shift=_SHIFT)
        for hole in holes:
            cv2.fillPoly(mask_hw, [hole], 0, shift=_SHIFT)
    return mask_hw.astype(bool)


def _stroke(drawn_hwc: np.ndarray, shape: Shape, mask_hw: np.ndarray, scale_xy: np.ndarray, color: RGB) -> None:
    if isinstance(shape, Bitmap):
        contours, _ = cv2.findContours(mask_hw.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(drawn_hwc, contours, -1, color, 1, cv2.LINE_AA)
    elif isinstance(shape, Line):
        cv2.polylines(drawn_hwc, [_pixels(shape.points, scale_xy)], False, color, 2, cv2.LINE_AA, _SHIFT)
    elif isinstance(shape, Point):
        center = _pixels(np.array([[shape.x, shape.y]]), scale_xy)[0].tolist()
        cv2.circle(drawn_hwc, center, 3 << _SHIFT, color, -1, cv2.LINE_AA, _SHIFT)
        cv2.circle(drawn_hwc, center, 3 << _SHIFT, (0, 0, 0), 1, cv2.LINE_AA, _SHIFT)
    else:
        rings = [_pixels(ring, scale_xy) for ring in _rings(shape)]
        cv2.polylines(drawn_hwc, rings, True, color, 1, cv2.LINE_AA, _SHIFT)


def _rings(shape: Shape) -> Sequence[np.ndarray]:
    if isinstance(shape, Polygon):
        return [shape.exterior, *shape.interior]
    assert isinstance(shape, Rectangle)
    left, top, right, bottom = shape.left, shape.top, shape.right, shape.bottom
    return [np.array([[left, top], [right, top], [right, bottom], [left, bottom]])]


def _pixels(points: np.ndarray, scale_xy: np.ndarray) -> np.ndarray:
    """(n, 2) points of the annotation as OpenCV's fixed-point pixels, whose centres are whole numbers."""
    return np.round((points * scale_xy - 0.5) * (1 << _SHIFT)).astype(np.int32)
