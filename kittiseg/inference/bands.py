"""Bands of other heights."""

from collections.abc import Iterator, Sequence

import numpy as np

from kittiseg.inference.scored import Band, Scored


def recut(scored: Scored, rows: int) -> Iterator[Band]:
    """The picture in bands of ``rows`` rows each, the last perhaps of fewer, whatever bands it comes in."""
    parts: list[Band] = []
    missing = rows
    for band in scored.bands():
        start = 0
        while start < len(band.labels_hw):
            parts.append(_part(band, start, start + missing))
            found = len(parts[-1].labels_hw)
            start, missing = start + found, missing - found
            if not missing:
                yield _joined(parts)
                parts, missing = [], rows
    if parts:
        yield _joined(parts)


def _part(band: Band, start: int, stop: int) -> Band:
    """A view of some rows of a band."""
    probs_chw = None if band.probs_chw is None else band.probs_chw[:, start:stop]
    return Band(band.top + start, band.labels_hw[start:stop], probs_chw)


def _joined(parts: Sequence[Band]) -> Band:
    """One band out of bands that lie below one another."""
    if len(parts) == 1:
        return parts[0]
    probs = [part.probs_chw for part in parts if part.probs_chw is not None]
    probs_chw = np.concatenate(probs, axis=1) if len(probs) == len(parts) else None
    return Band(parts[0].top, np.concatenate([part.labels_hw for part in parts]), probs_chw)
