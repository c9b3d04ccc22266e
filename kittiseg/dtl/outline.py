"""Outlines of shapes, drawn with a pen."""

import cv2
import numpy as np

from kittiseg.project.shapes import Bitmap, Line, Point, Polygon, Rectangle, Shape


def draw_outline(shape: Shape, mask_hw: np.ndarray, *, width: int, value: int = 1) -> None:
    """Sets to ``value`` what the pen touches. Corners are rounded as when shapes are filled."""
    if isinstance(shape, Rectangle):
        left, top, right, bottom = (int(np.floor(v + 0.5)) for v in (shape.left, shape.top, shape.right, shape.bottom))
        cv2.rectangle(mask_hw, (left, top), (right, bottom), value, width)
    elif isinstance(shape, Point):
        cv2.circle(mask_hw, (round(shape.x), round(shape.y)), (width + 1) // 2, value, cv2.FILLED)
    elif isinstance(shape, Bitmap):
        offset = (shape.window.left, shape.window.top)
        contours, _ = cv2.findContours(
            shape.mask_hw.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE, offset=offset
        )
        cv2.drawContours(mask_hw, contours, -1, value, width)
    elif isinstance(shape, Line):
        cv2.polylines(mask_hw, [_rounded(shape.points)], False, value, width)
    elif isinstance(shape, Polygon):
        cv2.polylines(mask_hw, [_rounded(ring) for ring in (shape.exterior, *shape.interior)], True, value, width)


def _rounded(points: np.ndarray) -> np.ndarray:
    return np.round(points).astype(np.int32)
