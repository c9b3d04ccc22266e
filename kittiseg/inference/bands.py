"""Bands of other heights, and what can be said of a picture band by band."""

from collections.abc import Collection, Iterator, Sequence

import cv2
import numpy as np

from kittiseg.inference.scored import Band, Scored
from kittiseg.project.geometry import Window


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


def present(labels_hw: np.ndarray) -> set[int]:
    """The labels that occur."""
    counts = cv2.calcHist([np.ascontiguousarray(labels_hw)], [0], None, [256], [0, 256])
    return set(np.flatnonzero(counts).tolist())


def windows_around(scored: Scored, labels: Collection[int]) -> dict[int, Window]:
    """Label -> the smallest window that holds all of its pixels, for those of ``labels`` that have one."""
    found: dict[int, Window] = {}
    for band in scored.bands():
        for label in present(band.labels_hw).intersection(labels):
            left, top, width, height = cv2.boundingRect((band.labels_hw == label).view(np.uint8))
            window = Window(top=band.top + top, left=left, height=height, width=width)
            found[label] = window if label not in found else _around(found[label], window)
    return found


def _around(one: Window, other: Window) -> Window:
    top, left = min(one.top, other.top), min(one.left, other.left)
    bottom, right = max(one.bottom, other.bottom), max(one.right, other.right)
    return Window(top=top, left=left, height=bottom - top, width=right - left)
