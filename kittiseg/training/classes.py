"""Which class has which index in label maps and in a network's output."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kittiseg.errors import DataError, ModelError
from kittiseg.project.meta import ObjectClass, ProjectMeta

if TYPE_CHECKING:  # the config names losses, and these what is neutral
    from kittiseg.training.config import SpecialClasses

BACKGROUND = 0
NEUTRAL = 255
BACKGROUND_COLOR = "#222222"


@dataclass(frozen=True)
class ClassIndex:
    """The classes that a network tells apart, in the project's order, and the index of every title.

    Background has index 0, the others 1, 2, ... by title. The neutral class has index 255 and is never an output.
    """

    out_classes: tuple[ObjectClass, ...]
    index: Mapping[str, int]

    @classmethod
    def of(cls, meta: ProjectMeta, special: "SpecialClasses") -> "ClassIndex":
        """The index of a project's classes; DataError where there is nothing to tell apart, or too much."""
        titles = {entry.name for entry in meta.classes}
        others = sorted(titles - {special.background, special.neutral})
        if not others:
            raise DataError(
                f"the project has no class besides '{special.background}' and '{special.neutral}'; "
                "there is nothing to learn"
            )
        if len(others) >= NEUTRAL:
            raise DataError(
                f"the project has {len(others)} classes besides the background; a label map holds {NEUTRAL - 1}; "
                "merge some by a query's classes_mapping"
            )
        made = () if special.background in titles else (ObjectClass(special.background, "bitmap", BACKGROUND_COLOR),)
        kept = (ObjectClass(c.name, "bitmap", c.color, c.extra) for c in meta.classes if c.name != special.neutral)
        index = {special.background: BACKGROUND, **{name: place for place, name in enumerate(others, 1)}}
        return cls((*made, *kept), {**index, special.neutral: NEUTRAL})

    def __len__(self) -> int:
        return len(self.out_classes)

    @property
    def channels(self) -> tuple[ObjectClass, ...]:
        """The classes in the order of the network's output channels, which need not be the project's."""
        return tuple(sorted(self.out_classes, key=lambda entry: self.index[entry.name]))

    @property
    def names(self) -> list[str]:
        """Titles in the order of the network's output channels."""
        return [entry.name for entry in self.channels]

    @property
    def objects(self) -> frozenset[str]:
        """The classes that are neither background nor neutral."""
        return frozenset(name for name, place in self.index.items() if place not in (BACKGROUND, NEUTRAL))

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "ClassIndex":
        """From ``out_classes`` and ``class_title_to_idx``; ModelError where they are missing or contradict."""
        try:
            out_classes = ProjectMeta.from_json({"classes": document["out_classes"]}).classes
            index = {str(name): int(place) for name, place in document["class_title_to_idx"].items()}
            indices = sorted(index[entry.name] for entry in out_classes)
        except (KeyError, TypeError, ValueError, AttributeError, DataError) as error:
            raise ModelError(f"out_classes and class_title_to_idx of the model's config.json: {error!r}") from None
        if indices != list(range(len(out_classes))):
            raise ModelError(
                f"the model's config.json gives its output classes the indices {indices}, not 0, 1, 2, ..."
            )
        return cls(out_classes, index)

    def to_json(self) -> dict[str, Any]:
        return {
            "out_classes": [entry.to_json() for entry in self.out_classes],
            "class_title_to_idx": dict(self.index),
        }
