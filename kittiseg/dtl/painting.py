"""Annotations as pictures, for people and for other programs."""

from collections.abc import Callable, Mapping

import numpy as np

from kittiseg.dtl.outline import draw_outline
from kittiseg.project.annotation import Annotation
from kittiseg.project.shapes import Bitmap, Polygon, Shape

Color = tuple[int, int, int]
"""Red, green, blue."""

_GREEN = (0, 255, 0)


def painted(
    annotation: Annotation,
    colors: Mapping[str, Color],
    draw: Callable[[Shape, np.ndarray, int], None] = lambda shape, mask_hw, value: shape.draw(mask_hw, value),
) -> np.ndarray:
    """RGB (h, w, 3), black where no figure is: figures in painter's order, those of classes without a colour left out.

    ``draw`` writes a value into the pixels of a shape.
    """
    places_hw = np.zeros((annotation.image.height, annotation.image.width), np.uint16)
    values = {name: value for value, name in enumerate(colors, 1)}
    for figure in annotation.figures:
        if figure.class_name in values:
            draw(figure.shape, places_hw, values[figure.class_name])
    return np.array([(0, 0, 0), *colors.values()], np.uint8)[places_hw]


def draw_visibly(shape: Shape, mask_hw: np.ndarray, value: int) -> None:
    """Bitmaps and polygons filled; rectangles, lines and points as outlines, broader on larger pictures."""
    if isinstance(shape, Bitmap | Polygon):
        shape.draw(mask_hw, value)
    else:
        draw_outline(shape, mask_hw, width=max((max(mask_hw.shape) + 1) // 300, 1), value=value)


def beside(image_hwc: np.ndarray, paint_hwc: np.ndarray) -> np.ndarray:
    """The picture, a green column, and the picture with the paint over it, (h, 2 w + 1, 3).

    Paint covers by half, cut off to whole numbers; black is no paint.
    """
    mixed_hwc = ((paint_hwc.astype(np.uint16) + image_hwc) // 2).astype(np.uint8)
    covered_hw1 = paint_hwc.any(axis=2, keepdims=True)
    column_hwc = np.full((len(image_hwc), 1, 3), _GREEN, np.uint8)
    return np.hstack([image_hwc, column_hwc, np.where(covered_hw1, mixed_hwc, image_hwc)])


def visible(colors: Mapping[str, Color]) -> dict[str, Color]:
    """The colours, but (1, 1, 1) for black, which would be no paint."""
    return {name: color if any(color) else (1, 1, 1) for name, color in colors.items()}
