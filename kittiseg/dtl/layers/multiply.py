"""``multiply``: copies, of which random layers then make different pictures."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from kittiseg.config import Doc, settings
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.project.item import Item


@settings
class Multiply(Transform):
    """Passes each picture on several times."""

    mark: ClassVar[str] = r"m\d+"

    multiply: Annotated[int, Ge(1), Le(100_000), Doc("how many times")]

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        if self.multiply == 1:
            yield item
            return
        digits = len(str(self.multiply))  # m01 ... m12: sorted names are in order
        for number in range(1, self.multiply + 1):
            yield replace(item, marks=(*item.marks, f"m{number:0{digits}}"), did={"copy": number})
