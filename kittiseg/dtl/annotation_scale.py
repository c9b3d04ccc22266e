"""What an annotation says of itself while it is drawn for another size than its picture's.

``ann_size_wh``, the original's key, holds that size. ``ann_factors``, ours, holds how much larger the figures became
along x and y: with it, they find back to their places exactly.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kittiseg.errors import DataError
from kittiseg.project.annotation import Annotation
from kittiseg.project.geometry import Size, Window
from kittiseg.project.motions import Scaling

_SIZE, _FACTORS = "ann_size_wh", "ann_factors"


def remember(annotation: Annotation, scaling: Scaling) -> Annotation:
    """The annotation with a note of the size that it is drawn for now."""
    note = {
        _SIZE: [scaling.target.width, scaling.target.height],
        _FACTORS: [scaling.factor_x, scaling.factor_y],
    }
    return replace(annotation, extra={**annotation.extra, **note})


def forget(annotation: Annotation) -> Annotation:
    extra = {key: value for key, value in annotation.extra.items() if key not in (_SIZE, _FACTORS)}
    return replace(annotation, extra=extra)


def recall(annotation: Annotation) -> Scaling | None:
    """How it came to the size that it is drawn for; None where that is its picture's. DataError for a wrong note."""
    noted = annotation.extra.get(_SIZE)
    if noted is None:
        return None
    width, height = _positive(noted, _SIZE, least=1)
    target = Size(height=int(height), width=int(width))
    if _FACTORS in annotation.extra:
        factor_x, factor_y = _positive(annotation.extra[_FACTORS], _FACTORS, least=1e-6)
        if factor_x == factor_y:
            return Scaling.scale(annotation.image, target, factor_x)
    return Scaling.stretch(annotation.image, target)


@dataclass(frozen=True)
class Undoing:
    """The motion that takes figures back to where they were before a scaling."""

    scaling: Scaling

    @property
    def source(self) -> Size:
        return self.scaling.target

    @property
    def target(self) -> Size:
        return self.scaling.source

    def picture(self, image_hwc: np.ndarray) -> np.ndarray:
        return self._stretch.picture(image_hwc[self.scaling.inner.slices])

    def mask(self, mask_hw: np.ndarray, place: Window) -> tuple[np.ndarray, Window]:
        inner = self.scaling.inner
        inside = place.intersect(inner)
        if inside is None:
            return np.zeros((0, 0), bool), Window(top=0, left=0, height=0, width=0)
        part_hw = mask_hw[inside.moved(down=-place.top, right=-place.left).slices]
        return self._stretch.mask(part_hw, inside.moved(down=-inner.top, right=-inner.left))

    def points(self, points: np.ndarray) -> np.ndarray:
        scaling = self.scaling
        return (points - (scaling.inner.left, scaling.inner.top)) / (scaling.factor_x, scaling.factor_y)

    @property
    def _stretch(self) -> Scaling:
        return Scaling.stretch(self.scaling.inner.size, self.target)


def _positive(noted: Any, key: str, *, least: float) -> tuple[float, float]:
    try:
        one, other = map(float, noted)
    except (TypeError, ValueError):
        one = other = 0.0
    if min(one, other) < least:
        raise DataError(f"an annotation's {key!r} holds {str(noted)[:60]}; wanted two numbers, at least {least:g}")
    return one, other
