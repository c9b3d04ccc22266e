"""Pictures of which a part can be read without the rest: TIFF files in strips or tiles, however large.

A strip or tile is lifted out of the file into a small TIFF file of its own and decoded like any picture, so that its
pixels are those of the whole, whatever its compression and depth.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import BinaryIO

import numpy as np
import tifffile

from kittiseg.errors import DataError
from kittiseg.project.geometry import Size, Window
from kittiseg.project.pixels import RegionReader, check_size, decode_rgb

# how samples are stored: bits, compression, photometric, fill order, samples, planes, predictor, palette, extra
# samples, sample format, JPEG tables, and YCbCr's subsampling, positions and reference
_KEPT = (258, 259, 262, 266, 277, 284, 317, 320, 338, 339, 347, 529, 530, 531, 532)
_ORIENTATION, _OLD_JPEG, _LONG = 274, 6, 4


def region_reader(open_file: Callable[[], BinaryIO], size: Size, *, name: str) -> RegionReader | None:
    """Reads windows of a file of this size; None for the name of a file of which no part can be read alone."""
    return TiffRegions(open_file, size, name).read if name.lower().endswith((".tif", ".tiff")) else None


@dataclass
class TiffRegions:
    """Windows of a TIFF file, RGB uint8 (h, w, 3).

    What was decoded of the rows of strips or tiles that a window touched is kept until a window touches other rows: so
    windows that come row by row decode everything about once, and no more than one band is in memory.
    """

    open_file: Callable[[], BinaryIO]
    size: Size
    name: str
    _band: dict[tuple[int, int], np.ndarray] = field(default_factory=dict, init=False, repr=False)

    def read(self, window: Window) -> np.ndarray | None:
        """None where the file has only one part, or must be decoded whole for another reason.

        DataError where a part is damaged, or the picture has not the size that its annotation states.
        """
        if self._page is None:
            return None
        height, width = self._part.height, self._part.width
        rows = range(window.top // height, -(-window.bottom // height))
        self._band = {place: part_hwc for place, part_hwc in self._band.items() if place[0] in rows}
        image_hwc = np.zeros((window.height, window.width, 3), np.uint8)
        for row in rows:
            for column in range(window.left // width, -(-window.right // width)):
                place = Window(top=row * height, left=column * width, height=height, width=width)
                inside = place.intersect(window)
                assert inside is not None
                part_hwc = self._decoded(row, column)[inside.moved(down=-place.top, right=-place.left).slices]
                image_hwc[inside.moved(down=-window.top, right=-window.left).slices] = part_hwc
        return image_hwc

    @cached_property
    def _page(self) -> tifffile.TiffPage | None:
        """The first picture of the file, if it can be read in parts."""
        try:
            page = tifffile.TiffFile(self.open_file()).pages.first
            found = Size(height=page.imagelength, width=page.imagewidth)
        except (tifffile.TiffFileError, ValueError, IndexError, struct.error):
            return None  # decoded whole, the file says what is wrong with it
        turned = _ORIENTATION in page.tags and page.tags[_ORIENTATION].value != 1
        planes = page.planarconfig != 1 and page.samplesperpixel > 1
        if turned or planes or page.compression == _OLD_JPEG or len(page.dataoffsets) < 2:
            return None
        check_size(found, self.size, name=self.name)
        return page

    @cached_property
    def _part(self) -> Size:
        """A whole strip or tile."""
        assert self._page is not None
        if self._page.is_tiled:
            return Size(height=self._page.tilelength, width=self._page.tilewidth)
        return Size(height=self._page.rowsperstrip, width=self.size.width)

    @cached_property
    def _kept_tags(self) -> list[tuple[int, int, int, bytes]]:
        """Code, type, count and value of the tags that say how samples are stored."""
        assert self._page is not None
        found = [self._page.tags[code] for code in _KEPT if code in self._page.tags]
        return [(t.code, int(t.dtype), t.count, self._bytes_at(t.valueoffset, t.valuebytecount)) for t in found]

    def _decoded(self, row: int, column: int) -> np.ndarray:
        if (row, column) not in self._band:
            self._band[row, column] = self._decode(row, column)
        return self._band[row, column]

    def _decode(self, row: int, column: int) -> np.ndarray:
        assert self._page is not None
        index = row * -(-self.size.width // self._part.width) + column
        height = self._part.height
        if not self._page.is_tiled:  # the last strip ends with the picture, tiles are always whole
            height = min(height, self.size.height - row * height)
        count = self._page.databytecounts[index]
        if not count:  # a part that was never written
            return np.zeros((height, self._part.width, 3), np.uint8)
        data = self._bytes_at(self._page.dataoffsets[index], count)
        if len(data) < count:
            raise DataError(f"{self.name}: damaged: the file ends too early; replace the file")
        small = self._small_file(data, Size(height=height, width=self._part.width))
        return decode_rgb(small, name=self.name)

    def _small_file(self, data: bytes, size: Size) -> bytes:
        """A TIFF file of one strip. TIFF 6.0, section 2: header, data, and the directory with what it points to."""
        assert self._page is not None
        order = self._page.parent.byteorder
        numbers = {256: size.width, 257: size.height, 273: 8, 278: size.height, 279: len(data)}
        tags = [(code, _LONG, 1, struct.pack(f"{order}I", value)) for code, value in numbers.items()]
        tags = sorted([*tags, *self._kept_tags])
        data += b"\0" * (len(data) % 2)
        directory = struct.pack(f"{order}H", len(tags))
        beyond = b""
        for code, kind, count, value in tags:
            place = value.ljust(4, b"\0")
            if len(value) > 4:
                place = struct.pack(f"{order}I", 8 + len(data) + len(beyond))
                beyond += value + b"\0" * (len(value) % 2)
            directory += struct.pack(f"{order}HHI", code, kind, count) + place
        mark = b"II" if order == "<" else b"MM"
        header = mark + struct.pack(f"{order}HI", 42, 8 + len(data) + len(beyond))
        return header + data + beyond + directory + bytes(4)

    def _bytes_at(self, offset: int, count: int) -> bytes:
        assert self._page is not None
        handle = self._page.parent.filehandle
        try:
            handle.seek(offset)
            return handle.read(count)
        except OSError as error:
            raise DataError(f"{self.name}: cannot be read: {error}") from None
