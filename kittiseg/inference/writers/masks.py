"""``masks``: label maps for programs."""

from typing import Literal

from kittiseg.config import settings
from kittiseg.inference.scored import Scored
from kittiseg.inference.writers.target import Target
from kittiseg.project.png import write_png


@settings
class Masks:
    """``<data set>/masks/<stem>.png``: grey PNG files of 8 bits, a pixel being the index of its class; 255: nothing."""

    as_: Literal["masks"] = "masks"

    def write(self, scored: Scored, target: Target) -> None:
        with target.files.replacing(target.path("masks", ".png")) as stream:
            write_png(stream, scored.size, (band.labels_hw for band in scored.bands()), channels=1)
