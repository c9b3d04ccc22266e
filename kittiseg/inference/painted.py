"""Regions of a picture as one picture, for what is written of all of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from kittiseg.inference.scored import NOTHING, Band, Scored
from kittiseg.project.geometry import Size, Window

_ROWS = 1024


def painted(size: Size, regions: Sequence[tuple[Window, Scored]]) -> Scored:
    """A picture of this size with its regions on it, later ones over those before; what is in none is NOTHING."""
    if len(regions) == 1 and regions[0][0] == Window.whole(size):
        return regions[0][1]
    return Painted(size, tuple(regions))


@dataclass(frozen=True)
class Painted:
    """As :class:`~kittiseg.inference.scored.Scored`; without probabilities where a region has none."""

    size: Size
    regions: tuple[tuple[Window, Scored], ...]

    def bands(self) -> Iterator[Band]:
        """Each region is read again for every band that it reaches into."""
        for top in range(0, self.size.height, _ROWS):
            rows = Window(top=top, left=0, height=min(_ROWS, self.size.height - top), width=self.size.width)
            labels_hw = np.full((rows.height, rows.width), NOTHING, np.uint8)
            probs_chw: np.ndarray | None = None
            for place, scored in self.regions:
                for band in scored.bands() if place.intersect(rows) else ():
                    first, last = place.top + band.top, place.top + band.top + len(band.labels_hw)
                    begin, end = max(first, top), min(last, rows.bottom)
                    if begin >= end:
                        continue
                    source, target = slice(begin - first, end - first), slice(begin - top, end - top)
                    labels_hw[target, place.left : place.right] = band.labels_hw[source]
                    if band.probs_chw is not None:
                        if probs_chw is None:
                            probs_chw = np.zeros((len(band.probs_chw), *labels_hw.shape), np.float32)
                        probs_chw[:, target, place.left : place.right] = band.probs_chw[:, source]
            yield Band(top, labels_hw, probs_chw)
