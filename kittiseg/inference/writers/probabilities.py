"""``probabilities``: how sure the model is of each class."""

from typing import Annotated, Literal
from xml.sax.saxutils import escape

import numpy as np

from kittiseg.config import Doc, settings
from kittiseg.inference.scored import Band, Scored
from kittiseg.inference.writers.target import Target
from kittiseg.inference.writers.tiles import write_tiles

_METADATA = 42112  # GDAL's, which has the names of samples


@settings
class Probabilities:
    """``<data set>/probabilities/<stem>.tif``: tiled TIFF files with a sample for each class of the model.

    In their order, which GDAL shows under their names. A pixel's samples sum up to 1 (``uint8``: to about 255), or are
    all 0 where nothing is known.
    """

    as_: Literal["probabilities"] = "probabilities"
    type: Annotated[Literal["uint8", "float32"], Doc("of the samples; uint8: 255 stands for 1")] = "uint8"

    def write(self, scored: Scored, target: Target) -> None:
        titles = (escape(escape(entry.name)) for entry in target.classes)  # twice, as GDAL writes and reads them
        names = (
            f'<Item name="DESCRIPTION" sample="{index}" role="description">{title}</Item>'
            for index, title in enumerate(titles)
        )
        with target.files.replacing(target.path("probabilities", ".tif")) as stream:
            write_tiles(
                stream,
                scored,
                self._pixels,
                samples=len(target.classes),
                dtype=self.type,
                photometric="minisblack",
                extratags=[(_METADATA, 2, 0, f"<GDALMetadata>{''.join(names)}</GDALMetadata>".encode(), True)],
            )

    def _pixels(self, band: Band) -> np.ndarray:
        assert band.probs_chw is not None, "a writer of probabilities was given labels alone"
        probs_hwc = np.moveaxis(band.probs_chw, 0, 2)
        pixels_hwc = probs_hwc if self.type == "float32" else np.round(probs_hwc * np.float32(255)).astype(np.uint8)
        return pixels_hwc[:, :, 0] if pixels_hwc.shape[2] == 1 else pixels_hwc
