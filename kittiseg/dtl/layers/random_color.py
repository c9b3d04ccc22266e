"""``random_color``: channels mixed a little."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Annotated, ClassVar

import cv2
import numpy as np
from annotated_types import Ge, Le

from kittiseg.config import Doc, settings
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.project.item import Item


@settings
class RandomColor(Transform):
    """Mixes red, green and blue by weights that are drawn for each picture; objects stay as they are."""

    repaints: ClassVar[bool] = True

    strength: Annotated[float, Ge(0), Le(1), Doc("0 changes nothing, 1 is a strong change")] = 0.25

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        weights = np.eye(3) + rng().standard_normal((3, 3)) * self.strength / 5
        image = item.image.then(item.image.size, partial(mix, weights=weights))
        yield replace(item, image=image, did={"weights": weights.tolist()})


def mix(image_hwc: np.ndarray, *, weights: np.ndarray) -> np.ndarray:
    """Each pixel's row (red, green, blue) times ``weights`` (3, 3), clipped to 0..255, cut off to whole numbers."""
    mixed_hwc = cv2.transform(image_hwc.astype(np.float32), weights.T)
    return np.clip(mixed_hwc, 0, 255, out=mixed_hwc).astype(np.uint8)
