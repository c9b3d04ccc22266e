"""``generate_hints``: points inside and outside a class, as a person would click them."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import numpy as np
from annotated_types import Ge

from kittiseg.config import Doc, settings
from kittiseg.dtl.figures import with_figures
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.mapping import add_class
from kittiseg.project.annotation import Figure
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.shapes import Point

_MEAN = 2.0
"""Of the exponential distribution that the number of further points is drawn from."""


@settings
class GenerateHints(Transform):
    """Adds points on random px inside and outside the objects of a class, behind all other objects.

    Of either kind there are ``min_points_number`` and some more (exponentially distributed, two on average, cut off to
    a whole number), as far as there are px; no px has two. A picture without the class gets negative points only.
    """

    class_: Annotated[str, Doc("the class whose px are inside, of any shape")]
    positive_class: Annotated[str, Doc("the class of the points inside; new, or of shape point")]
    negative_class: Annotated[str, Doc("the class of the points outside; new, or of shape point")]
    min_points_number: Annotated[int, Ge(0), Doc("how many points at least, of either kind")]

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        meta = add_class(meta, self.positive_class, shape="point", at="positive_class")
        return add_class(meta, self.negative_class, shape="point", at="negative_class")

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        draw = rng()
        inside_hw = item.annotation.to_label_map({self.class_: 1})
        wanted = [self.min_points_number + int(draw.exponential(_MEAN)) for _ in range(2)]
        inside, outside = (sample(inside_hw == value, count, draw) for value, count in zip((1, 0), wanted, strict=True))
        hints = [Figure(self.positive_class, point) for point in inside]
        hints += [Figure(self.negative_class, point) for point in outside]
        made = with_figures(item, [*item.annotation.figures, *hints])
        yield replace(made, did={"positive": len(inside), "negative": len(outside)})


def sample(mask_hw: np.ndarray, count: int, rng: np.random.Generator) -> list[Point]:
    """So many different px of a mask, or all; each as likely as any other."""
    pixels = np.flatnonzero(mask_hw)
    chosen = rng.choice(pixels, min(count, len(pixels)), replace=False)
    rows, columns = np.unravel_index(chosen, mask_hw.shape)
    return [Point(float(x), float(y)) for x, y in zip(columns, rows, strict=True)]
