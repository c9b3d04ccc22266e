"""``contrast_brightness``: stronger or weaker contrast, brighter or darker."""

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

_Contrast = Annotated[float, Ge(0), Le(10)]
_Brightness = Annotated[float, Ge(-255), Le(255)]


@settings
class Contrast:
    """From where to where the factor is drawn, uniformly."""

    min: Annotated[_Contrast, Doc("the least; 1 changes nothing")]
    max: Annotated[_Contrast, Doc("the most; 1 changes nothing")]
    center_grey: Annotated[bool, Doc("values spread about middle grey (128), not about black")] = False

    def __post_init__(self) -> None:
        _check(self.min, self.max)


@settings
class Brightness:
    """From where to where the summand is drawn, uniformly."""

    min: Annotated[_Brightness, Doc("the least; 0 changes nothing")]
    max: Annotated[_Brightness, Doc("the most; 0 changes nothing")]

    def __post_init__(self) -> None:
        _check(self.min, self.max)


@settings
class ContrastBrightness(Transform):
    """Multiplies pixels by a factor and adds a number, both drawn for each picture; objects stay as they are."""

    repaints: ClassVar[bool] = True

    contrast: Annotated[Contrast, Doc("the factor")]
    brightness: Annotated[Brightness, Doc("the summand, of pixels from 0 to 255")]

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        generator = rng()
        factor = generator.uniform(self.contrast.min, self.contrast.max)
        summand = generator.uniform(self.brightness.min, self.brightness.max)
        change = partial(adjust, factor=factor, summand=summand, center=128 if self.contrast.center_grey else 0)
        did = {"contrast": factor, "brightness": summand}
        yield replace(item, image=item.image.then(item.image.size, change), did=did)


def adjust(image_hwc: np.ndarray, *, factor: float, summand: float, center: int) -> np.ndarray:
    """(value - center) x factor + center + summand, clipped to 0..255 and cut off to whole numbers."""
    values = (np.arange(256, dtype=np.float32) - center) * factor + (summand + center)
    return cv2.LUT(image_hwc, np.clip(values, 0, 255).astype(np.uint8))


def _check(least: float, most: float) -> None:
    if least > most:
        raise ValueError(f"min {least:g} is above max {most:g}")
