"""Pictures as arrays: reading, writing, and a picture that is decoded only when somebody looks at it."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from kittiseg.errors import DataError
from kittiseg.project.geometry import Axis, Size, View, Window

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

    Cuts and mirror images (:meth:`crop`, :meth:`mirror`) are views: they share the pixels of the picture that they were
    made of, and a mirror image is turned only when it is read itself.
    """

    __slots__ = ("_pixels_hwc", "_root", "_view")

    def __init__(self, size: Size, make: Callable[[], np.ndarray]) -> None:
        self._root = _Root(size, make)
        self._view = View.whole(size)
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

        image = cls(size, make)
        image._root.file = read
        return image

    @property
    def size(self) -> Size:
        return self._view.size

    @property
    def source(self) -> Callable[[], bytes] | None:
        """Gives the bytes of the file that this picture is, unchanged; None where it is something else."""
        return self._root.file if self._view.shows_all(self._root.size) else None

    @property
    def view(self) -> View | None:
        """What of its file this picture shows; None where layers changed the pixels, or there is no file."""
        return self._view if self._root.file is not None else None

    def pixels(self) -> np.ndarray:
        """RGB uint8 (h, w, 3), not to be written to: other pictures may share it."""
        if self._pixels_hwc is None:
            self._pixels_hwc = self._root.read(self._view)
            self._pixels_hwc.flags.writeable = False
        return self._pixels_hwc

    def crop(self, window: Window) -> "LazyImage":
        return self._seen(self._view.crop(window))

    def mirror(self, axis: Axis) -> "LazyImage":
        """``vertical``: column 0 becomes column w-1. ``horizontal``: rows likewise."""
        return self._seen(self._view.mirror(axis))

    def then(self, size: Size, change: Callable[[np.ndarray], np.ndarray]) -> "LazyImage":
        """The picture that ``change`` makes of this one; neither is decoded now."""
        return LazyImage(size, lambda: change(self.pixels()))

    def _seen(self, view: View) -> "LazyImage":
        image = LazyImage.__new__(LazyImage)
        image._root, image._view, image._pixels_hwc = self._root, view, None
        return image


@dataclass(slots=True)
class _Root:
    """Pixels that many views share. ``file`` gives the bytes that they were decoded from."""

    size: Size
    make: Callable[[], np.ndarray]
    file: Callable[[], bytes] | None = None
    pixels_hwc: np.ndarray | None = None

    def read(self, view: View) -> np.ndarray:
        if self.pixels_hwc is None:
            self.pixels_hwc = self.make()
            if self.pixels_hwc.shape[:2] != (self.size.height, self.size.width):
                raise ValueError(f"a picture was to be {self.size} px but was made of shape {self.pixels_hwc.shape}")
        part_hwc = self.pixels_hwc[view.window.slices]
        if view.left_right and view.top_bottom:
            return cv2.flip(part_hwc, -1)
        if view.left_right or view.top_bottom:
            return cv2.flip(part_hwc, 1 if view.left_right else 0)
        return part_hwc.view()


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
