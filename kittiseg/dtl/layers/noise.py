"""``noise``: grain, as of a camera at night."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Le

from kittiseg.config import Doc, settings
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.project.item import Item


@settings
class Noise(Transform):
    """Adds a normally distributed number to each channel of each pixel; objects stay as they are."""

    repaints: ClassVar[bool] = True

    mean: Annotated[float, Ge(-1e6), Le(1e6), Doc("their mean: above 0 brightens")]
    std: Annotated[float, Ge(0), Le(1e6), Doc("their standard deviation, of pixels from 0 to 255")]

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        def change(image_hwc: np.ndarray) -> np.ndarray:
            return add_noise(image_hwc, rng(), mean=self.mean, std=self.std)

        did = {"mean": self.mean, "std": self.std}
        yield replace(item, image=item.image.then(item.image.size, change), did=did)


def add_noise(image_hwc: np.ndarray, rng: np.random.Generator, *, mean: float, std: float) -> np.ndarray:
    """Clipped to 0..255 and cut off to whole numbers."""
    sum_hwc = rng.standard_normal(image_hwc.shape, np.float32)
    sum_hwc *= std
    sum_hwc += mean
    sum_hwc += image_hwc
    return np.clip(sum_hwc, 0, 255, out=sum_hwc).astype(np.uint8)
