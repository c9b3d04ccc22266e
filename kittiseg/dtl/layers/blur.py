"""``blur``: pictures less sharp."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Annotated, ClassVar, Literal

import cv2
import numpy as np
from annotated_types import Ge, Le

from kittiseg.config import Doc, settings
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.project.item import Item


@settings
class Sigma:
    """From where to where the standard deviation is drawn, uniformly."""

    min: Annotated[float, Ge(0.01), Le(1000), Doc("the least, in px")]
    max: Annotated[float, Ge(0.01), Le(1000), Doc("the most, in px")]

    def __post_init__(self) -> None:
        if self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}")


@settings
class Blur(Transform):
    """Blurs pictures; objects stay as they are. ``gaussian`` needs ``sigma``, ``median`` needs ``kernel``.

    All odd kernels work; the original of 2018 could do 3 and 5 only.
    """

    repaints: ClassVar[bool] = True

    name: Annotated[Literal["gaussian", "median"], Doc("a weighted mean of the pixels around, or their median")]
    sigma: Annotated[Sigma | None, Doc("how wide the bell curve is: drawn for each picture")] = None
    kernel: Annotated[
        Annotated[int, Ge(3), Le(255)] | None, Doc("how many px wide and high the median's square is; odd")
    ] = None

    def __post_init__(self) -> None:
        needed, other = ("sigma", "kernel") if self.name == "gaussian" else ("kernel", "sigma")
        if getattr(self, needed) is None or getattr(self, other) is not None:
            raise ValueError(f"'{self.name}' needs '{needed}', and no '{other}'")
        if self.kernel is not None and self.kernel % 2 == 0:
            raise ValueError(f"'kernel' is {self.kernel}; the median needs an odd one")

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        if self.sigma is None:
            assert self.kernel is not None
            change, did = partial(cv2.medianBlur, ksize=self.kernel), {}
        else:
            sigma = rng().uniform(self.sigma.min, self.sigma.max)
            change, did = partial(gaussian, sigma=sigma), {"sigma": sigma}
        yield replace(item, image=item.image.then(item.image.size, change), did=did)


def gaussian(image_hwc: np.ndarray, *, sigma: float) -> np.ndarray:
    """Each channel blurred by a bell curve of ``sigma`` px, mirrored at the borders, cut off to whole numbers."""
    return cv2.GaussianBlur(image_hwc.astype(np.float32), (0, 0), sigma).astype(np.uint8)
