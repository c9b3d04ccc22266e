"""Masks as run lengths down the columns, as COCO has them, of pictures that come in rows.

The format is that of ``maskApi.c`` of the COCO API (Lin and others), functions ``rleEncode`` and ``rleToString``.
"""

from collections.abc import Sequence

import numpy as np

from kittiseg.inference.scored import NOTHING, Scored


def run_lengths(scored: Scored, labels: Sequence[int]) -> dict[int, np.ndarray]:
    """For each label: how many pixels down the columns, one column after another, are not of it, then are, and so on.

    All that is kept of the rows is where labels change.
    """
    height, width = scored.size.height, scored.size.width
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    first_w = above_w = np.full(width, NOTHING, np.uint8)
    for band in scored.bands():
        first_w = band.labels_hw[0] if band.top == 0 else first_w
        rows_hw = band.labels_hw if band.top == 0 else np.concatenate([above_w[None], band.labels_hw])
        at_n = np.flatnonzero(rows_hw[1:] != rows_hw[:-1])
        row_n, column_n = np.divmod(at_n, width)
        top = band.top + len(band.labels_hw) - len(rows_hw) + 1
        place_n = column_n * height + row_n + top
        found.append((place_n, rows_hw[:-1].ravel()[at_n], rows_hw[1:].ravel()[at_n]))
        above_w = band.labels_hw[-1].copy()
    before_w = np.append(np.uint8(NOTHING), above_w[:-1])  # a column begins below the end of the one before it
    found.append((np.arange(width) * height, before_w, first_w))
    place_n, old_n, new_n = map(np.concatenate, zip(*found, strict=True))
    order_n = np.argsort(place_n)
    place_n, old_n, new_n = place_n[order_n], old_n[order_n], new_n[order_n]
    changes = {label: place_n[(old_n == label) != (new_n == label)] for label in labels}
    return {label: np.diff(at_n, prepend=0, append=height * width) for label, at_n in changes.items()}


def compressed(counts_n: np.ndarray) -> str:
    """Run lengths as text: from the fourth on, what each has more than the one two before it.

    A number is written in groups of 5 bits, the lowest first, until the rest is all sign; bit 6 says that more follow.
    48 is added to make it a letter.
    """
    rest_n = counts_n.astype(np.int64)
    rest_n[3:] -= counts_n[1:-2]
    letters, are_there = [], []
    more_n = np.ones(len(rest_n), bool)
    while more_n.any():
        are_there.append(more_n)
        group_n = rest_n & 31
        rest_n = rest_n >> 5
        more_n = more_n & np.where(group_n & 16, rest_n != -1, rest_n != 0)
        letters.append((group_n + 32 * more_n + 48).astype(np.uint8))
    return np.stack(letters, axis=1)[np.stack(are_there, axis=1)].tobytes().decode("ascii")
