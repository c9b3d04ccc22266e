"""What a page is made of, ready for the templates: every number is text by now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from kittiseg.report.colors import RGB
from kittiseg.report.sections import Example
from kittiseg.report.wording import flat_rows


@dataclass(frozen=True, slots=True)
class Fact:
    """A number that stands large at a section's head."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Cell:
    """``color``: a chip before the text. ``marks``: words in badges behind it. ``share``: 0..1, a bar beneath it."""

    text: str
    color: RGB | None = None
    marks: tuple[str, ...] = ()
    share: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """``numeric``: the columns to be set flush right. ``highlighted``, ``faint``: rows that stand out or back.
    ``wide``: it takes the page's whole width."""

    template: ClassVar[str] = "table.html.j2"
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    numeric: frozenset[int] = frozenset()
    highlighted: frozenset[int] = frozenset()
    faint: frozenset[int] = frozenset()
    note: str = ""
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """An SVG element. ``natural``: it keeps its own width; others fill the card. ``wide``: as of a table."""

    template: ClassVar[str] = "chart.html.j2"
    title: str
    svg: str
    caption: str = ""
    natural: bool = False
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Commands:
    """Lines to be typed in a shell, one after another."""

    template: ClassVar[str] = "commands.html.j2"
    wide: ClassVar[bool] = True
    title: str
    lines: Sequence[str]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Gallery:
    """Examples one below the other, or, where each has a single picture, or two that lie over one another, in columns.

    ``legend``: names for the colours in them.
    """

    template: ClassVar[str] = "gallery.html.j2"
    wide: ClassVar[bool] = True
    title: str
    examples: Sequence[Example]
    caption: str = ""
    legend: Mapping[str, RGB] = field(default_factory=dict)

    @property
    def single(self) -> bool:
        """Each example takes the place of one picture."""
        return all(len(example.pictures) == (2 if example.slides else 1) for example in self.examples)

    @property
    def slides(self) -> bool:
        return any(example.slides for example in self.examples)

    @property
    def oblong(self) -> bool:
        """Pictures more than twice as wide as high need wider columns."""
        shapes = [picture.image_hwc.shape for example in self.examples for picture in example.pictures]
        return sum(width for _, width, _ in shapes) > 2 * sum(height for height, _, _ in shapes)


Block = Table | Chart | Commands | Gallery
ENLARGE = "Click a picture to enlarge it; the arrow keys go on."
SLIDE = "Drag across a picture, or move the slider below it, to see what was predicted and what is beneath."


@dataclass(frozen=True, slots=True)
class View:
    """A section as it is shown. ``kind``: project, model, predictions or sweep."""

    kind: str
    name: str
    facts: Sequence[Fact]
    blocks: Sequence[Block]


def settings_table(title: str, document: Mapping[str, Any]) -> list[Table]:
    """A document's entries as rows, or nothing where it is empty."""
    rows = [(Cell(key), Cell(value)) for key, value in flat_rows(document)]
    return [Table(title=title, columns=("setting", "value"), rows=rows, numeric=frozenset({1}))] if rows else []
