"""Reads projects in the layout of 2018: annotations named by stem, tags as words."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from kittiseg.project.annotation import Annotation
from kittiseg.project.item import Item, ItemKey
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.pixels import LazyImage


@dataclass(frozen=True)
class OldProject:
    """A project of 2018 in a folder that bears its name."""

    folder: Path

    @cached_property
    def meta(self) -> ProjectMeta:
        return ProjectMeta.from_json(json.loads((self.folder / "meta.json").read_text()))

    @property
    def keys(self) -> list[ItemKey]:
        """By data set and name."""
        pictures = sorted(self.folder.glob("*/img/*"))
        return [ItemKey(self.folder.name, path.parts[-3], path.name) for path in pictures]

    def item(self, key: ItemKey) -> Item:
        document = json.loads((self.folder / key.dataset / "ann" / f"{key.stem}.json").read_text())
        document["objects"] = [entry for entry in document["objects"] if self.is_whole(entry)]
        annotation = Annotation.from_json(document, self.meta.shapes)
        file = self.folder / key.dataset / "img" / key.name
        image = LazyImage.from_file(annotation.image, file.read_bytes, name=str(key))
        return Item(key=key, image=image, annotation=annotation, dataset=key.dataset)

    def is_whole(self, entry: dict[str, Any]) -> bool:
        """The original left objects of too few points out when reading; so do our importers."""
        least = {"polygon": 3, "line": 2, "rectangle": 2, "point": 1}.get(self.meta.shapes[entry["classTitle"]], 0)
        return least == 0 or len(entry["points"]["exterior"]) >= least
