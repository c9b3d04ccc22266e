"""Pictures as arrays: reading, writing, and a picture that is decoded only when somebody looks at it."""

from collections.abc import Callable

import cv2
import numpy as np

from kittiseg.errors import DataError
from kittiseg.project.geometry import Size

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")


def decode_rgb(data: bytes, *, name: str) -> np.ndarray:
    """A picture file as RGB uint8 (h, w, 3): grey becomes RGB, 16 bits become 8, EXIF turns are applied, alpha goes.

    DataError names the file where it is none, or ends too early.
    """
    return _decode(data, cv2.IMREAD_COLOR_RGB, name=name)


def decode_labels(data: bytes, *, name: str) -> np.ndarray:
    """A one-channel PNG of 8 or 16 bits as it is, (h, w) uint8 or uint16."""
    labels_hw = _decode(data, cv2.IMREAD_UNCHANGED, name=name)
    if labels_hw.ndim != 2:
        raise DataError(f"{name}: has {labels_hw.shape[2]} channels; wanted one channel of class ids")
    return labels_hw


def encode(image_hwc: np.ndarray, suffix: str) -> bytes:
    """RGB (h, w, 3) or labels (h, w) as a file of the kind that the suffix (``.png``, ``.jpg``) names.

    PNG with OpenCV's own settings: asking for a compression level resets its filter choice and costs three times more.
    """
    if suffix.lower() not in PICTURE_SUFFIXES or image_hwc.size == 0:
        known = ", ".join(PICTURE_SUFFIXES)
        raise DataError(f"a picture of shape {image_hwc.shape} cannot be written as '{suffix}'; known: {known}")
    bgr = cv2.cvtColor(image_hwc, cv2.COLOR_RGB2BGR) if image_hwc.ndim == 3 else image_hwc
    _, data = cv2.imencode(suffix, bgr)
    return data.tobytes()


class LazyImage:
    """A picture of known size whose pixels are made once, when first read.

    ``source`` gives the bytes of the file that the picture is, unchanged; it is None once a layer changed the pixels.
    """

    __slots__ = ("_make", "_pixels_hwc", "size", "source")

    def __init__(
        self, size: Size, make: Callable[[], np.ndarray], *, source: Callable[[], bytes] | None = None
    ) -> None:
        self.size = size
        self.source = source
        self._make = make
        self._pixels_hwc: np.ndarray | None = None

    @classmethod
    def from_array(cls, image_hwc: np.ndarray) -> "LazyImage":
        return cls(Size(height=image_hwc.shape[0], width=image_hwc.shape[1]), lambda: image_hwc)

    @classmethod
    def from_file(cls, size: Size, read: Callable[[], bytes], *, name: str) -> "LazyImage":
        """DataError on reading where the file's size is not ``size``, the size that its annotation states."""

        def make() -> np.ndarray:
            image_hwc = decode_rgb(read(), name=name)
            if image_hwc.shape[:2] != (size.height, size.width):
                found = Size(height=image_hwc.shape[0], width=image_hwc.shape[1])
                raise DataError(
                    f"{name}: the picture is {found} px but its annotation says {size}; mend the annotation"
                )
            return image_hwc

        return cls(size, make, source=read)

    def pixels(self) -> np.ndarray:
        """RGB uint8 (h, w, 3), not to be written to: other pictures may share it."""
        if self._pixels_hwc is None:
            made_hwc = self._make()
            if made_hwc.shape[:2] != (self.size.height, self.size.width):
                raise ValueError(f"a picture was to be {self.size} px but was made of shape {made_hwc.shape}")
            self._pixels_hwc = made_hwc.view()
            self._pixels_hwc.flags.writeable = False
        return self._pixels_hwc

    def then(self, size: Size, change: Callable[[np.ndarray], np.ndarray]) -> "LazyImage":
        """The picture that ``change`` makes of this one; neither is decoded now."""
        return LazyImage(size, lambda: change(self.pixels()))


def _decode(data: bytes, how: int, *, name: str) -> np.ndarray:
    if not data:
        raise DataError(f"{name}: an empty file; replace it")
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), how)
    except cv2.error as error:  # more pixels than OpenCV reads
        raise DataError(f"{name}: cannot be read as a picture: {error.err or error}; replace the file") from None
    if image is None:
        raise DataError(f"{name}: not a picture, or damaged; replace the file")
    return image
