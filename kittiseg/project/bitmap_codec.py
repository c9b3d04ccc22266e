"""Masks as text: base64 of zlib of a one-bit palette PNG whose colour 0 is transparent, as Supervisely writes them.

The PNG is written here, since neither OpenCV nor numpy writes a one-bit palette; any PNG reader opens it.
"""

import base64
import binascii
import struct
import zlib

import cv2
import numpy as np

from kittiseg.errors import DataError
from kittiseg.project.geometry import Size

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER_LENGTH = len(_SIGNATURE) + 4 + 4 + 8  # signature, length, "IHDR", width and height
_ONE_BIT_PALETTE = b"\x01\x03\x00\x00\x00"  # bit depth 1, colour type 3, deflate, no filter choice, not interlaced


def encode(mask_hw: np.ndarray) -> str:
    """A bool mask as text. The same mask always gives the same text."""
    height, width = mask_hw.shape
    packed = np.zeros((height, 1 + (width + 7) // 8), np.uint8)  # each row starts with its filter type, 0
    packed[:, 1:] = np.packbits(mask_hw, axis=1)
    png = b"".join(
        [
            _SIGNATURE,
            _chunk(b"IHDR", struct.pack(">II", width, height) + _ONE_BIT_PALETTE),
            _chunk(b"PLTE", b"\x00\x00\x00\xff\xff\xff"),
            _chunk(b"tRNS", b"\x00"),
            _chunk(b"IDAT", zlib.compress(packed.tobytes(), 6)),
            _chunk(b"IEND", b""),
        ]
    )
    return base64.b64encode(zlib.compress(png, 1)).decode("ascii")


def decode(text: str) -> np.ndarray:
    """The bool mask (h, w) that a text holds: opaque pixels of a palette or RGBA PNG, non-zero ones of a grey PNG."""
    try:
        png = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise DataError(f"bitmap data cannot be read: {error}") from None
    image = cv2.imdecode(png, cv2.IMREAD_UNCHANGED)
    if image is None:
        raise DataError("bitmap data is not a PNG")
    if image.ndim == 2:
        return image != 0
    if image.shape[2] == 4:
        return image[:, :, 3] != 0
    raise DataError(f"bitmap data is a PNG of {image.shape[2]} channels; wanted one bit, grey, or with transparency")


def decoded_size(text: str) -> Size:
    """The size of the mask in a text, read from the PNG's header alone."""
    try:
        head = zlib.decompressobj().decompress(base64.b64decode(text), _HEADER_LENGTH)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise DataError(f"bitmap data cannot be read: {error}") from None
    if len(head) < _HEADER_LENGTH or not head.startswith(_SIGNATURE):
        raise DataError("bitmap data is not a PNG")
    width, height = struct.unpack(">II", head[-8:])
    return Size(height=height, width=width)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
