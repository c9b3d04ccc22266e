"""Pictures as arrays: reading, writing, and a picture that is decoded only when somebody looks at it."""

import os
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from kittiseg.errors import DataError
from kittiseg.project.geometry import Axis, Size, View, Window
from kittiseg.project.large import decode_large

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")

_PNG = b"\x89PNG\r\n\x1a\n"

if "OPENCV_LOG_LEVEL" not in os.environ:  # else every damaged file were told of twice
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


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


def check_size(found: Size, stated: Size, *, name: str) -> None:
    """DataError where a file has not the size that its annotation states."""
    if found != stated:
        raise DataError(f"{name}: the picture is {found} px but its annotation says {stated}; mend the annotation")


RegionReader = Callable[[Window], np.ndarray | None]
"""Gives a window of a file as RGB uint8 (h, w, 3), or None where the file must be decoded whole."""


class LazyImage:
    """A picture of known size whose pixels are made once, when first read.

    Cuts and mirror images (:meth:`crop`, :meth:`mirror`) are views: they share the pixels of the picture that they were
    made of, and a mirror image is turned only when it is read itself.
    """

    __slots__ = ("_pixels_hwc", "_root", "_view")

    def __init__(self, size: Size, make: Callable[[], np.ndarray], *, file: Callable[[], bytes] | None = None) -> None:
        """``file`` gives the bytes of a file with these pixels, if there is one, or can be."""
        self._root = _Root(size, make, file)
        self._view = View.whole(size)
        self._pixels_hwc: np.ndarray | None = None

    @classmethod
    def from_array(cls, image_hwc: np.ndarray) -> "LazyImage":
        return cls(Size(height=image_hwc.shape[0], width=image_hwc.shape[1]), lambda: image_hwc)

    @classmethod
    def from_file(
        cls, size: Size, read: Callable[[], bytes], *, name: str, read_region: RegionReader | None = None
    ) -> "LazyImage":
        """DataError on reading where the file's size is not ``size``, the size that its annotation states.

        ``read_region`` reads a window of the file without the rest, or gives None where it must be decoded whole.
        """

        def make() -> np.ndarray:
            image_hwc = decode_rgb(read(), name=name)
            check_size(Size(height=image_hwc.shape[0], width=image_hwc.shape[1]), size, name=name)
            return image_hwc

        image = cls(size, make, file=read)
        image._root.read_region = read_region
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
    read_region: RegionReader | None = None
    pixels_hwc: np.ndarray | None = None

    def read(self, view: View) -> np.ndarray:
        part_hwc = self.part(view.window)
        if view.left_right and view.top_bottom:
            return cv2.flip(part_hwc, -1)
        if view.left_right or view.top_bottom:
            return cv2.flip(part_hwc, 1 if view.left_right else 0)
        return part_hwc.view()

    def part(self, window: Window) -> np.ndarray:
        """A window's pixels: read by themselves where that is possible, else a view of the whole."""
        region_hwc = None if self.pixels_hwc is not None or self.read_region is None else self.read_region(window)
        if region_hwc is not None:
            return region_hwc
        if self.pixels_hwc is None:
            self.pixels_hwc = self.make()
            if self.pixels_hwc.shape[:2] != (self.size.height, self.size.width):
                raise ValueError(f"a picture was to be {self.size} px but was made of shape {self.pixels_hwc.shape}")
        return self.pixels_hwc[window.slices]


def _decode(data: bytes, how: int, *, name: str) -> np.ndarray:
    if not data:
        raise DataError(f"{name}: an empty file; replace it")
    if data.startswith(_PNG):
        _check_png(data, name=name)
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), how)
    except cv2.error:  # more pixels than OpenCV reads
        image = decode_large(data, as_rgb=how == cv2.IMREAD_COLOR_RGB, name=name)
    if image is None:
        raise DataError(f"{name}: not a picture, or damaged; replace the file")
    return image


def _check_png(data: bytes, *, name: str) -> None:
    """DataError where a PNG's chunks do not go on to its end, or one that counts is not what was written.

    Takes a hundredth of the time of decoding; libpng would find it too, but print it to stderr by itself.
    """
    at, kind = len(_PNG), b""
    while kind != b"IEND":
        if at + 12 > len(data):
            raise DataError(f"{name}: damaged: the file ends too early, after {len(data)} bytes; replace the file")
        length, kind = struct.unpack_from(">I4s", data, at)
        body = memoryview(data)[at + 4 : at + 8 + length]
        at += 12 + length
        counts = kind[:1].isupper()
        if counts and at <= len(data) and data[at - 4 : at] != zlib.crc32(body).to_bytes(4, "big"):
            raise DataError(f"{name}: damaged: its checksum does not fit before byte {at}; replace the file")
