"""``dataset``: into which data set pictures go."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Literal

from kittiseg.config import Doc, settings
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.errors import WorkspaceError
from kittiseg.project.item import Item, ItemKey
from kittiseg.project.store import check_name

_NAME = re.compile(r"[0-9A-Za-z _-]+")


@settings
class Dataset(Transform):
    """Names the data set that pictures are written to; one of ``name`` and ``rule``."""

    name: Annotated[str | None, Doc("the data set: letters, digits, spaces, '-' and '_'")] = None
    rule: Annotated[Literal["save_original"] | None, Doc("the data set that the picture came from")] = None

    def __post_init__(self) -> None:
        if (self.name is None) == (self.rule is None):
            raise ValueError("give either 'name' or 'rule', and not both")
        if self.name is not None:
            if not _NAME.fullmatch(self.name):
                raise ValueError(f"'name' is {self.name!r}: use letters, digits, spaces, '-' and '_'")
            try:
                check_name(self.name, what="data set")
            except WorkspaceError as error:
                raise ValueError(str(error)) from None

    def target(self, key: ItemKey, dataset: str) -> str:
        return self.name or key.dataset

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        yield replace(item, dataset=self.target(item.key, item.dataset))
