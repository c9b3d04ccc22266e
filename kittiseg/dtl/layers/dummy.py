"""``dummy``: joins streams."""

from collections.abc import Iterator
from typing import ClassVar

from kittiseg.config import settings
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.project.item import Item


@settings
class Dummy(Transform):
    """Passes pictures on as they are: gives several streams one name."""

    free_settings: ClassVar[bool] = True

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        yield item
