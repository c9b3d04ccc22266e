"""``color_masks``: label maps for people."""

from typing import Literal

import numpy as np

from kittiseg.config import settings
from kittiseg.inference.scored import Scored
from kittiseg.inference.writers.target import Target
from kittiseg.project.png import write_png


@settings
class ColorMasks:
    """``<data set>/color_masks/<stem>.png``: RGB PNG files in the colours of the model's classes; black: nothing."""

    as_: Literal["color_masks"] = "color_masks"

    def write(self, scored: Scored, target: Target) -> None:
        palette = np.zeros((256, 3), np.uint8)
        palette[: len(target.classes)] = [entry.rgb for entry in target.classes]
        with target.files.replacing(target.path("color_masks", ".png")) as stream:
            write_png(stream, scored.size, (palette[band.labels_hw] for band in scored.bands()), channels=3)
