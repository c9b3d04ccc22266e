"""A contact sheet: source pictures in columns, the layers of a query in rows, in each place what left the layer."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from kittiseg.project.annotation import Annotation
from kittiseg.project.geometry import Size
from kittiseg.report.colors import RGB
from kittiseg.report.lettering import Text, lettered
from kittiseg.report.overlay import fit
from kittiseg.report.sketch import sketch

MOST_SHOWN = 3
"""So many pictures of one source are shown of a layer; the others are counted."""

_LABEL, _GAP, _PAD, _HEADER, _NOTE = 250, 6, 12, 34, 18  # px: column of words, between and around pictures, ...
_HIGHEST = 112  # px that a small picture is high at most
_LETTERS, _MOST_LINES, _LINE = 36, 5, 16  # of the words on the left: letters of a line, lines, px of a line


@dataclass
class Sighting:
    """What left a layer of one source picture: the first few, small and drawn upon, and how many in all."""

    pictures: list[np.ndarray] = field(default_factory=list)
    count: int = 0

    def add(self, image_hwc: np.ndarray, annotation: Annotation, colors: Mapping[str, RGB], *, width: int) -> None:
        """A further picture that may be so wide."""
        self.pictures.append(sketch(fit(image_hwc, Size(height=_HIGHEST, width=width)), annotation, colors))


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A layer, or one way out of it: its action, a few words on it, and a sighting for each source."""

    title: str
    lines: Sequence[str]
    sightings: Sequence[Sighting]


def column_width(sources: int) -> int:
    """Px for the pictures of one source, so that a sheet of few is not lost and one of many not endless."""
    return min(max(1500 // max(sources, 1) - _PAD, 200), 420)


def contact_sheet(rows: Sequence[SheetRow], sources: Sequence[str]) -> np.ndarray:
    """The sheet, RGB. ``sources``: the names above the columns."""
    cell = column_width(len(sources))
    heights = [_row_height(row, cell) for row in rows]
    width = _LABEL + len(sources) * (cell + _PAD) + _PAD
    sheet_hwc = np.full((_HEADER + sum(heights), width, 3), 255, np.uint8)
    texts = [Text(_LABEL + place * (cell + _PAD), 21, name, bold=True) for place, name in enumerate(sources)]
    top = _HEADER
    for place, (row, height) in enumerate(zip(rows, heights, strict=True)):
        sheet_hwc[top : top + height] = 246 if place % 2 == 0 else 255
        texts += _words(row, top)
        for column, sighting in enumerate(row.sightings):
            left = _LABEL + column * (cell + _PAD)
            texts += _place(sheet_hwc, sighting, top=top + _PAD, left=left, room=cell)
        top += height
    return lettered(sheet_hwc, texts)


def _words(row: SheetRow, top: int) -> list[Text]:
    lines = _wrapped(row)
    texts = [Text(_PAD, top + _PAD + 13, row.title, bold=True)]
    return texts + [Text(_PAD, top + _PAD + 13 + _LINE * (place + 1), line) for place, line in enumerate(lines)]


def _wrapped(row: SheetRow) -> list[str]:
    lines = [part for line in row.lines for part in textwrap.wrap(line, _LETTERS, subsequent_indent="  ")]
    return lines if len(lines) <= _MOST_LINES else [*lines[: _MOST_LINES - 1], "…"]


def _row_height(row: SheetRow, cell: int) -> int:
    pictures = [image_hwc.shape[0] for sighting in row.sightings for image_hwc in _shown(sighting, cell)]
    note = _NOTE if any(sighting.count > len(_shown(sighting, cell)) for sighting in row.sightings) else 0
    words = 18 + _LINE * len(_wrapped(row))
    return max(max(pictures, default=_LINE) + note, words) + 2 * _PAD


def _shown(sighting: Sighting, room: int) -> list[np.ndarray]:
    """The pictures that stand beside one another in so many px; at least one where there is any."""
    shown: list[np.ndarray] = []
    for image_hwc in sighting.pictures:
        room -= image_hwc.shape[1] + (_GAP if shown else 0)
        if shown and room < 0:
            break
        shown.append(image_hwc)
    return shown


def _place(sheet_hwc: np.ndarray, sighting: Sighting, *, top: int, left: int, room: int) -> list[Text]:
    """Puts the pictures of a sighting there, and gives the words below them."""
    if not sighting.count:
        return [Text(left, top + 13, "none")]
    shown, x = _shown(sighting, room), left
    for image_hwc in shown:
        height, width = image_hwc.shape[:2]
        sheet_hwc[top : top + height, x : x + width] = image_hwc
        x += width + _GAP
    more = sighting.count - len(shown)
    below = top + max(image_hwc.shape[0] for image_hwc in shown) + 14
    return [Text(left, below, f"+{more:,} more")] if more else []
