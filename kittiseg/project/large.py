"""Pictures with more pixels than OpenCV decodes (2**30, unless its environment variable says otherwise)."""

import io

import numpy as np
from PIL import Image, ImageOps

from kittiseg.errors import DataError


def decode_large(data: bytes, *, as_rgb: bool, name: str) -> np.ndarray:
    """A picture file as RGB uint8 (h, w, 3), or one of one channel as it is, (h, w): as OpenCV would give it.

    DataError names the file where it is none, or ends too early. It takes twice the memory of the pixels.
    """
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with Image.open(io.BytesIO(data)) as opened:
            return _rgb(ImageOps.exif_transpose(opened)) if as_rgb else np.asarray(opened)
    except (OSError, SyntaxError, ValueError) as error:
        raise DataError(f"{name}: not a picture, or damaged: {error}; replace the file") from None
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _rgb(image: Image.Image) -> np.ndarray:
    """Of 16 bits the upper 8, which Pillow's own conversion would not take."""
    if image.mode.startswith("I;16"):
        return np.repeat((np.asarray(image) >> 8).astype(np.uint8)[:, :, None], 3, axis=2)
    return np.asarray(image.convert("RGB"))
