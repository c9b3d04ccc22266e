"""TIFF files as large-picture tools write them, from seeds."""

import io
from typing import Any

import numpy as np
import tifffile

from kittiseg.project.geometry import Size


def pattern(size: Size, *, seed: int = 0) -> np.ndarray:
    """RGB (h, w, 3) without repeats along rows or columns, cheap to make and to compress."""
    rows_h, columns_w = np.arange(size.height), np.arange(size.width)
    planes = [(rows_h[:, None] * (3 + k) + columns_w[None] * (5 + 2 * k) + seed).astype(np.uint8) for k in range(3)]
    return np.dstack(planes)


def tiff(image: np.ndarray, **how: Any) -> bytes:
    """The array as tifffile writes it: ``tile``, ``rowsperstrip``, ``compression``, ``bigtiff``, ``byteorder``, ..."""
    made = io.BytesIO()
    tifffile.imwrite(made, image, **how)
    return made.getvalue()


def tiled_tiff(size: Size, *, striped: bool = False) -> bytes:
    """A compressed BigTIFF in tiles of 256 x 256 px, or in strips of 64 rows."""
    parts = {"rowsperstrip": 64} if striped else {"tile": (256, 256)}
    return tiff(pattern(size), photometric="rgb", compression="zlib", bigtiff=True, **parts)
