"""``color_class``: classes in other colours."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from kittiseg.config import Doc, did_you_mean, pointer, settings
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.errors import ConfigError, Problem
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta

_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")


@settings
class ColorClass(Transform):
    """Gives classes other colours. Pictures and objects stay as they are."""

    classes_color_mapping: Annotated[dict[str, str], Doc('class -> colour "#rrggbb"; others stay as they are')]

    def __post_init__(self) -> None:
        colors = self.classes_color_mapping
        wrong = [f"'{name}' is {color!r}" for name, color in colors.items() if not _COLOR.fullmatch(color)]
        if wrong:
            raise ValueError(f'the colour of {", ".join(wrong)}: write "#rrggbb", such as "#00a0ff"')

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        """ConfigError where a class does not come to the layer."""
        problems = [
            Problem(
                pointer("classes_color_mapping", name),
                f"no class '{name}' comes to this layer{did_you_mean(name, meta.shapes)}",
            )
            for name in self.classes_color_mapping
            if name not in meta.shapes
        ]
        if problems:
            raise ConfigError("classes_color_mapping", problems)
        classes = tuple(
            replace(entry, color=self.classes_color_mapping.get(entry.name, entry.color).lower())
            for entry in meta.classes
        )
        return replace(meta, classes=classes)

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        yield item
