"""Words on pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from kittiseg.report.colors import INK, MUTED


@dataclass(frozen=True, slots=True)
class Text:
    """Words whose baseline begins at (x, y) px."""

    x: int
    y: int
    words: str
    bold: bool = False


def lettered(image_hwc: np.ndarray, texts: Sequence[Text]) -> np.ndarray:
    """A copy of the picture with the words on it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    height, width = image_hwc.shape[:2]
    figure = Figure(figsize=(width / 100, height / 100), dpi=100)
    figure.patch.set_alpha(0)
    canvas = FigureCanvasAgg(figure)
    bold: dict[str, Any] = {"color": INK, "weight": "bold", "fontsize": 9.5}
    plain: dict[str, Any] = {"color": MUTED, "fontsize": 8.5}
    for text in texts:
        style = bold if text.bold else plain
        figure.text(text.x / width, 1 - text.y / height, text.words, parse_math=False, **style)
    canvas.draw()
    words_hwc = np.asarray(canvas.buffer_rgba())[:height, :width]
    share_hw1 = words_hwc[:, :, 3:].astype(np.float32) / 255
    return cv2.convertScaleAbs(image_hwc * (1 - share_hw1) + words_hwc[:, :, :3] * share_hw1)
