"""``geotiff``: label maps that lie on the map where the pictures lie."""

from typing import Literal

import numpy as np

from kittiseg.config import settings
from kittiseg.inference.scored import NOTHING, Scored
from kittiseg.inference.writers.georeference import GDAL_NODATA, read_georeference
from kittiseg.inference.writers.target import Target
from kittiseg.inference.writers.tiles import write_tiles


@settings
class GeoTiff:
    """``<data set>/geotiff/<stem>.tif``: tiled TIFF files of class indices, with the classes' colours.

    The georeference is copied from the source, if it is a GeoTIFF file. 255 is marked as no data.
    """

    as_: Literal["geotiff"] = "geotiff"

    def write(self, scored: Scored, target: Target) -> None:
        colors = np.zeros((3, 256), np.uint16)
        colors[:, : len(target.classes)] = np.array([entry.rgb for entry in target.classes], np.uint16).T * 257
        tags = read_georeference(target.open_source, name=target.key.name).tags
        with target.files.replacing(target.path("geotiff", ".tif")) as stream:
            write_tiles(
                stream,
                scored,
                lambda band: band.labels_hw,
                dtype=np.uint8,
                photometric="palette",
                colormap=colors,
                extratags=[*tags, (GDAL_NODATA, 2, 0, str(NOTHING), True)],
            )
