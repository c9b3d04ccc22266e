"""TIFF files in tiles, written row by row of tiles, of any size."""

from collections.abc import Callable, Iterator
from typing import IO, Any

import numpy as np
import tifffile

from kittiseg.inference.bands import recut
from kittiseg.inference.scored import Band, Scored

TILE = 256
"""Height and width of a tile, px."""

_CLASSIC = (1 << 32) - (1 << 26)  # bytes of pixels, beyond which the offsets of a TIFF file need 8 bytes each


def write_tiles(
    stream: IO[bytes], scored: Scored, pixels: Callable[[Band], np.ndarray], *, samples: int = 1, **how: Any
) -> None:
    """``pixels`` gives those of a part of a band: (h, w) where ``samples`` is 1, else (h, w, samples).

    ``how``: what else tifffile's writer is told. BigTIFF where the pixels need it. TIFF 6.0, section 15; BigTIFF as
    libtiff has it.
    """
    height, width = scored.size.height, scored.size.width
    dtype = np.dtype(how["dtype"])
    is_big = scored.size.area * samples * dtype.itemsize > _CLASSIC
    file = tifffile.FileHandle(stream, name="tiles.tif")  # it would ask a temporary file for its name, which has none
    with tifffile.TiffWriter(file, bigtiff=is_big) as writer:
        writer.write(
            _tiles(scored, pixels),
            shape=(height, width) if samples == 1 else (height, width, samples),
            tile=(TILE, TILE),
            planarconfig="contig",
            compression="zlib",
            compressionargs={"level": 3},
            metadata=None,
            software="kittiseg",
            maxworkers=1,
            **how,
        )


def _tiles(scored: Scored, pixels: Callable[[Band], np.ndarray]) -> Iterator[np.ndarray]:
    """From left to right, from top to bottom; those at the edges as far as they go."""
    for band in recut(scored, TILE):
        for left in range(0, scored.size.width, TILE):
            columns = slice(left, left + TILE)
            probs_chw = None if band.probs_chw is None else band.probs_chw[:, :, columns]
            yield pixels(Band(band.top, band.labels_hw[:, columns], probs_chw))
