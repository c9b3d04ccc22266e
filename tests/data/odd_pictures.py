"""Picture files of every kind that a camera or a tool may write, byte by byte."""

import struct
import zlib

import cv2
import numpy as np

SIZE = (24, 32)
"""Height and width of them all, before an EXIF turn."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TURN = b"II*\x00" + struct.pack("<IH", 8, 1) + struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0) + bytes(4)
"""EXIF of orientation 6: the camera stood on its side, the first row is the right column."""


def grey_hw() -> np.ndarray:
    """A ramp: no two columns are alike, nor are two rows."""
    height, width = SIZE
    return (np.arange(height)[:, None] * 3 + np.arange(width)[None] * 5).astype(np.uint8)


def good_pictures() -> dict[str, tuple[bytes, np.ndarray]]:
    """File name -> its bytes, and the RGB (h, w, 3) that it shows. All are without loss."""
    grey = grey_hw()
    rgb_hwc = np.dstack([grey, 255 - grey, grey // 2])
    bgr_hwc = rgb_hwc[:, :, ::-1]
    grey_hwc = np.dstack([grey] * 3)
    plain = _written(bgr_hwc)
    return {
        "rgb.png": (plain, rgb_hwc),
        "grey.png": (_written(grey), grey_hwc),
        "grey 16 bit.png": (_written(grey.astype(np.uint16) * 257), grey_hwc),
        "rgb 16 bit.png": (_written(bgr_hwc.astype(np.uint16) * 257), rgb_hwc),
        "rgba.png": (_written(np.dstack([bgr_hwc, grey])), rgb_hwc),
        "palette.png": (_palette_png(grey), np.dstack([grey, 255 - grey, grey])),
        "exif.png": (plain[:33] + png_chunk(b"eXIf", _TURN) + plain[33:], np.rot90(rgb_hwc, -1)),
        "upper case.PNG": (plain, rgb_hwc),
        "in truth a bitmap.png": (_written(bgr_hwc, ".bmp"), rgb_hwc),
    }


def turned_jpeg() -> bytes:
    """A smooth JPEG of 24 x 32 px that its EXIF turns to 32 x 24 px."""
    jpeg = _written(np.dstack([grey_hw()] * 3), ".jpg")
    exif = b"Exif\x00\x00" + _TURN
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]


def bad_pictures() -> dict[str, tuple[bytes, str]]:
    """File name -> bytes of which no picture can be made, and words of the error that says so."""
    png, jpeg = _written(np.dstack([grey_hw()] * 3)), turned_jpeg()
    flipped = bytearray(png)
    flipped[60] ^= 1
    return {
        "half.png": (png[: len(png) // 2], "ends too early"),
        "no end.png": (png[:-12], "ends too early"),
        "header.png": (png[:20], "ends too early"),
        "one bit.png": (bytes(flipped), "checksum"),
        "half.jpg": (jpeg[: len(jpeg) // 2], "not a picture"),
        "nothing.png": (b"", "an empty file"),
        "text.png": (b"<html>404</html>", "not a picture"),
    }


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _palette_png(index_hw: np.ndarray) -> bytes:
    """Colour ``i`` of the palette is (i, 255 - i, i)."""
    height, width = index_hw.shape
    rows = np.hstack([np.zeros((height, 1), np.uint8), index_hw]).tobytes()
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    palette = b"".join(bytes([i, 255 - i, i]) for i in range(256))
    chunks = [(b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return _SIGNATURE + b"".join(png_chunk(kind, body) for kind, body in chunks)


def _written(array: np.ndarray, suffix: str = ".png") -> bytes:
    return cv2.imencode(suffix, array)[1].tobytes()
