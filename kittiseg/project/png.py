"""PNG files written row by row, so that a picture of any size passes through little memory.

W3C, "Portable Network Graphics (PNG) Specification", third edition: chunks (section 5), filters of rows (9).
"""

import struct
import zlib
from collections.abc import Iterable
from typing import IO

import numpy as np

from kittiseg.project.geometry import Size

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_COLOR_TYPES = {1: 0, 3: 2}  # samples of a pixel -> grey, RGB
_LEVEL = 3  # of a label map level 6 is a tenth smaller, and takes two to three times as long


def write_png(stream: IO[bytes], size: Size, parts: Iterable[np.ndarray], *, channels: int) -> None:
    """Grey (``channels`` 1) or RGB (3) of 8 bits. ``parts``: its rows from the top, uint8 (h, w) or (h, w, 3).

    ValueError where they are not ``size.height`` rows of ``size.width`` pixels.
    """
    packer = zlib.compressobj(_LEVEL)
    stream.write(
        SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", size.width, size.height, 8, _COLOR_TYPES[channels], 0, 0, 0))
    )
    height = 0
    for part in parts:
        rows = np.zeros((len(part), 1 + size.width * channels), np.uint8)  # each begins with its filter type, 0
        rows[:, 1:] = part.reshape(len(part), -1)
        height += len(part)
        _write_data(stream, packer.compress(rows.data))
    _write_data(stream, packer.flush())
    stream.write(chunk(b"IEND", b""))
    if height != size.height:
        raise ValueError(f"{height} rows came of a picture of {size} px")


def chunk(kind: bytes, body: bytes) -> bytes:
    """Length, kind, body and checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _write_data(stream: IO[bytes], packed: bytes) -> None:
    if packed:
        stream.write(chunk(b"IDAT", packed))
