"""A layer's box in the drawing of a query: action, counts, settings in brief, and the classes that leave it."""

import json
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import Any

from kittiseg.report.brief import brief
from kittiseg.report.colors import ACCENT, INK, MUTED, RGB, RULE, hexadecimal

BOX = 248  # px: its width
HEAD = 30  # from its top to its first line of settings
_FOOT, _LINE, _CHIP = 11, 15, 21  # below the last line, a line of settings, a row of chips
_EDGE = 16  # from its left side to its text
_MOST_LINES, _MOST_ROWS = 5, 2
_LETTERS = 38  # of a line of settings
_ROOM = BOX - 2 * _EDGE  # for text
_LETTER = 6.3  # px of a letter of a class's name, rather too many than too few
_DOT = 9  # px from one colour to the next where classes are too many to be named

_Chip = tuple[str, RGB | None]

STYLE = (
    f"text{{font:12px system-ui,sans-serif;fill:{MUTED}}} .action{{font-size:13.5px;font-weight:700;fill:{INK}}}"
    f" .count{{fill:{INK};font-weight:600}} .chip{{font-size:11px;fill:{INK}}} .lost{{font-style:italic}}"
)


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """How many pictures leave a layer by each ``dst``, and which classes with which colours."""

    pictures: tuple[int, ...]
    classes: Mapping[str, RGB]

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "LayerFacts":
        """From what a project remembers of a layer: ``{"pictures": [190, 10], "classes": {"car": "#00008e"}}``."""
        colors = {name: tuple(bytes.fromhex(color.lstrip("#"))) for name, color in document["classes"].items()}
        return cls(tuple(document["pictures"]), colors)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Box:
    """Its text is wrapped once; its height follows from it.

    ``entering``: how many pictures come to it, None where nobody knows or it is a data layer. ``unread``: names that
    it writes for nobody. ``changed``: whether other classes leave it than came; then they get more room.
    """

    layer: Mapping[str, Any]
    facts: LayerFacts | None = None
    entering: int | None = None
    unread: Mapping[str, int | None] = field(default_factory=dict)
    changed: bool = True

    @cached_property
    def lines(self) -> list[str]:
        lines = [part for line in brief(self.layer) for part in textwrap.wrap(line, _LETTERS, subsequent_indent="  ")]
        return lines if len(lines) <= _MOST_LINES else [*lines[: _MOST_LINES - 1], "…"]

    @cached_property
    def _names(self) -> list[list[_Chip]]:
        """Rows of class names with their colours; where not all fit, the last one says how many are not shown."""
        classes = list(self.facts.classes.items()) if self.facts else []
        most = _MOST_ROWS if self.changed else 1
        rows = _filled(classes, most)
        if sum(map(len, rows)) == len(classes):
            return rows
        if not self.changed:
            return [[(f"{len(classes)} classes", None)]]
        *full, last = rows
        hidden = len(classes) - sum(map(len, rows))
        while len(last) > 1 and _length([*last, (f"and {hidden} more", None)]) > _ROOM:
            last, hidden = last[:-1], hidden + 1
        return [*full, [*last, (f"and {hidden} more", None)]]

    @property
    def _strip(self) -> list[RGB]:
        """The colours of classes that are too many to be named, in the order of the project."""
        classes = list(self.facts.classes.values()) if self.facts else []
        named = sum(color is not None for row in self._names for _, color in row)
        return classes[: int(_ROOM // _DOT)] if named < len(classes) else []

    @property
    def height(self) -> int:
        lines, rows = len(self.lines) + len(self.unread), len(self._names) + bool(self._strip)
        return HEAD + _LINE * lines + _CHIP * rows + (_FOOT if lines or rows else 5)

    def svg(self, x: float, y: float) -> str:
        full = escape(json.dumps(self.layer.get("settings") or {}, ensure_ascii=False))
        action = str(self.layer["action"])
        parts = [
            f'<g transform="translate({x:.0f},{y:.0f})"><title>{escape(action)} {full}</title>'
            f'<rect width="{BOX}" height="{self.height}" rx="8" style="fill:var(--card,#fff);stroke:{RULE}"/>'
            f'<rect width="5" height="{self.height}" rx="2.5" style="fill:{_accent(action)}"/>'
            f'<text class="action" x="{_EDGE}" y="21">{escape(action)}</text>'
        ]
        if self.facts is not None:
            parts.append(f'<text class="count" x="{BOX - 12}" y="21" text-anchor="end">{self._counts()}</text>')
        texts = [("", line) for line in self.lines] + [("lost", _lost(*entry)) for entry in self.unread.items()]
        for place, (kind, line) in enumerate(texts):
            top = HEAD + 10 + _LINE * place
            parts.append(f'<text class="{kind}" x="{_EDGE}" y="{top}" xml:space="preserve">{escape(line)}</text>')
        rows = [_dots(self._strip)] if self._strip else []
        rows += map(_chips, self._names)
        for place, row in enumerate(rows):
            parts.append(f'<g transform="translate({_EDGE},{HEAD + _LINE * len(texts) + _CHIP * place + 4})">{row}</g>')
        return "".join(parts) + "</g>"

    def _counts(self) -> str:
        """Such as ``400 → 2,400``, or ``200 → 190 | 10`` where pictures go two ways."""
        assert self.facts is not None
        out = " | ".join(f"{count:,}" for count in self.facts.pictures)
        return out if self.entering is None else f"{self.entering:,} → {out}"


def _lost(name: str, count: int | None) -> str:
    return f"{'' if count is None else f'{count:,} '}to {name}: nobody reads them"


def _filled(chips: list[tuple[str, RGB]], most: int) -> list[list[_Chip]]:
    """As many chips as fit into so many rows."""
    rows: list[list[_Chip]] = []
    for chip in chips:
        if rows and _length([*rows[-1], chip]) <= _ROOM:
            rows[-1].append(chip)
        elif len(rows) < most:
            rows.append([chip])
        else:
            break
    return rows


def _chips(row: list[_Chip]) -> str:
    """A dot and a name for each, from x = 0."""
    parts, x = [], 0.0
    for name, color in row:
        if color is not None:
            parts.append(_dot(x + 5, 5, color))
        left = x + (14 if color is not None else 0)
        parts.append(f'<text class="chip" x="{left:.1f}" y="11">{escape(_cut(name))}</text>')
        x += _width(name, color)
    return "".join(parts)


def _dots(colors: list[RGB]) -> str:
    return "".join(_dot(_DOT * place + 4, 3.5, color) for place, color in enumerate(colors))


def _dot(x: float, radius: float, color: RGB) -> str:
    return f'<circle cx="{x:.1f}" cy="7" r="{radius}" style="fill:{hexadecimal(color)};stroke:{RULE}"/>'


def _cut(name: str) -> str:
    most = int((_ROOM - 14) / _LETTER)
    return name if len(name) <= most else name[: most - 1] + "…"


def _width(name: str, color: RGB | None) -> float:
    return (14 if color is not None else 0) + _LETTER * len(_cut(name)) + 9


def _length(row: list[_Chip]) -> float:
    return sum(_width(*chip) for chip in row) - 9


def _accent(action: str) -> str:
    """Where data comes from and goes to in one colour, decisions in another, the rest in a quiet one."""
    if action in ("data", "supervisely", "parquet", "recipe") or action.startswith("save"):
        return ACCENT
    return "#d97706" if action in ("if", "split") else MUTED
