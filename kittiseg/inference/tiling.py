"""Pictures padded to a window, and one score per pixel out of the scores of overlapping windows."""

from collections.abc import Sequence

import cv2
import numpy as np

from kittiseg.project.geometry import Size, Window


def inner_window(image: Size, window: Size) -> Window:
    """Where the picture lies in one that :func:`pad_to_window` made of it.

    Half of what is missing goes to each side, the odd row to the bottom, the odd column to the right.
    """
    top, left = max(window.height - image.height, 0) // 2, max(window.width - image.width, 0) // 2
    return Window(top=top, left=left, height=image.height, width=image.width)


def pad_to_window(image_hwc: np.ndarray, window: Size) -> tuple[np.ndarray, Window]:
    """The picture, reflected at its sides until it is at least as large as the window, and where in it it now lies.

    The reflection does not repeat the outermost row; where more is missing than there are rows it swings back and
    forth, so that a picture of one pixel becomes a plain one.
    """
    height, width = image_hwc.shape[:2]
    inner = inner_window(Size(height=height, width=width), window)
    bottom, right = max(window.height - inner.bottom, 0), max(window.width - inner.right, 0)
    if not bottom and not right:
        return image_hwc, inner
    return cv2.copyMakeBorder(image_hwc, inner.top, bottom, inner.left, right, cv2.BORDER_REFLECT_101), inner


class Stitcher:
    """The mean of the scores of all windows that cover a pixel, each window weighing the same, border or not.

    ``windows`` are those of a regular layout, as :func:`~kittiseg.project.windows.place_windows` gives them: all
    combinations of some rows with some columns, no pixel left out (else ValueError). The number of windows on a pixel
    is then the product of a row's and a column's. Sums are float32; their order on a pixel is that of the calls of
    :meth:`add`.
    """

    def __init__(self, windows: Sequence[Window], image: Size, *, classes: int) -> None:
        rows = {(window.top, window.bottom) for window in windows}
        columns = {(window.left, window.right) for window in windows}
        if len(set(windows)) != len(windows) or len(windows) != len(rows) * len(columns):
            raise ValueError("the windows are no regular layout: all combinations of some rows with some columns")
        self._rows_h = _coverage(rows, image.height)
        self._columns_w = _coverage(columns, image.width)
        if not self._rows_h.all() or not self._columns_w.all():
            raise ValueError(f"the windows leave pixels of the {image} px out; make the overlap 0 or larger")
        self._sums_chw = np.zeros((classes, image.height, image.width), np.float32)
        self._awaited = len(windows)

    @property
    def complete(self) -> bool:
        """Whether every window has been added."""
        return self._awaited == 0

    def add(self, window: Window, scores_chw: np.ndarray) -> None:
        """The scores of one window, once each."""
        rows, columns = window.slices
        self._sums_chw[:, rows, columns] += scores_chw
        self._awaited -= 1

    def finish(self) -> np.ndarray:
        """The mean scores, float32 (c, h, w)."""
        assert self.complete, f"{self._awaited} windows are missing"
        return self._sums_chw / (self._rows_h[:, None] * self._columns_w).astype(np.float32)

    def labels(self) -> np.ndarray:
        """The class of the highest mean score, uint8 (h, w); of equal ones the first. It needs no division."""
        assert self.complete, f"{self._awaited} windows are missing"
        return arg_max(self._sums_chw)


def arg_max(scores_chw: np.ndarray) -> np.ndarray:
    """The index of the highest of at most 256 scores, uint8 (h, w); of equal ones the first.

    As ``scores_chw.argmax(axis=0)``, which is seven times slower along the first axis and makes 8 bytes per pixel.
    """
    labels_hw = np.zeros(scores_chw.shape[1:], np.uint8)
    best_hw = scores_chw[0].copy()
    for index in range(1, len(scores_chw)):
        better_hw = (scores_chw[index] > best_hw).view(np.uint8)
        np.maximum(labels_hw, better_hw * np.uint8(index), out=labels_hw)
        np.maximum(best_hw, scores_chw[index], out=best_hw)
    return labels_hw


def _coverage(spans: set[tuple[int, int]], length: int) -> np.ndarray:
    """How many of the half-open spans cover each of ``length`` places, int32."""
    steps = np.zeros(length + 1, np.int32)
    for start, stop in spans:
        steps[start] += 1
        steps[stop] -= 1
    return steps.cumsum(dtype=np.int32)[:-1]
