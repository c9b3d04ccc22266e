"""Functions that stand for a network: from windows to scores."""

import numpy as np

from kittiseg.project.geometry import Size


def show(windows_nhwc: np.ndarray, input_size: Size | None = None) -> np.ndarray:
    """Returns its input: the scores of three classes are red, green and blue."""
    return windows_nhwc.transpose(0, 3, 1, 2).astype(np.float32)


def by_place(windows_nhwc: np.ndarray, input_size: Size | None = None) -> np.ndarray:
    """Mixes colour with the place in the window, so that windows disagree where they overlap; no short fractions."""
    height, width = windows_nhwc.shape[1:3]
    mixed = (show(windows_nhwc) * (1 + np.arange(height)[:, None]) + 37 * np.arange(width)) % 101
    return (mixed / np.float32(7)).astype(np.float32)
