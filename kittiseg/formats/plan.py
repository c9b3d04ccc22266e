"""What every import format gives: a plan made of names alone, and the conversion of one picture."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from kittiseg.formats.source import Source
from kittiseg.project.annotation import Annotation
from kittiseg.project.meta import ProjectMeta


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportTask:
    """One picture to import: the unit that a worker converts.

    ``picture`` is its path in the source, ``file_name`` the name it gets in the data set. ``beside``: paths of the
    files that say what is on it, by their part in the format (``{"instance": "training/instance/000000_10.png"}``).
    """

    dataset: str
    file_name: str
    picture: str
    beside: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedProject:
    """A project that an import will make. ``problems``: pictures that already their names rule out, one text each."""

    name: str
    meta: ProjectMeta
    tasks: tuple[ImportTask, ...]
    problems: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """A picture file, unchanged, and what is on it.

    ``new_tags``: tags that it bears and the planned meta lacks; they belong into the project's meta.
    ``notices``: what was left out, one text per object; equal texts are to be counted.
    """

    picture: bytes
    annotation: Annotation
    new_tags: frozenset[str] = frozenset()
    notices: tuple[str, ...] = ()


class Format(Protocol):
    """A foreign way to lay out pictures and masks. Picklable: :meth:`convert` runs on workers."""

    @property
    def summary(self) -> str:
        """One line for help."""

    def plan(self, source: Source, name: str) -> list[PlannedProject]:
        """The projects, named after ``name``, that the source holds; pictures are not opened.

        DataError where the source is not laid out so, with how it should be.
        """

    def convert(self, source: Source, task: ImportTask, meta: ProjectMeta) -> Converted:
        """One picture with its annotation; DataError names the file that is damaged or does not fit."""
