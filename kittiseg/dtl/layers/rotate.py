"""``rotate``: pictures turned by a random angle."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Ge, Le

from kittiseg.config import Doc, settings
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.errors import DataError
from kittiseg.project.geometry import Window
from kittiseg.project.item import Item
from kittiseg.project.motions import Rotation
from kittiseg.project.pixels import LazyImage

LONGEST_SIDE = 32_766
"""Px of a picture that OpenCV turns."""


_Degrees = Annotated[float, Ge(-1e6), Le(1e6)]


@settings
class Angles:
    """From where to where the angle is drawn, uniformly; counter-clockwise."""

    min_degrees: Annotated[_Degrees, Doc("the least, in degrees; below 0 is clockwise")]
    max_degrees: Annotated[_Degrees, Doc("the most, in degrees")]

    def __post_init__(self) -> None:
        if self.min_degrees > self.max_degrees:
            raise ValueError(f"min_degrees {self.min_degrees:g} is above max_degrees {self.max_degrees:g}")


@settings
class BlackRegions:
    """What becomes of the black corners."""

    mode: Annotated[
        Literal["keep", "crop", "preserve_size"],
        Doc("keep: the picture grows to hold all; crop: a window without black; preserve_size: the size stays"),
    ]


@settings
class Rotate(Transform):
    """Turns pictures by a random angle about their middle, with all that is on them.

    Pixels are interpolated (Lanczos), masks take the nearest pixel. A rectangle becomes the upright one around its
    turned corners; the original of 2018 gave up pictures with rectangles. ``crop`` is not the largest window without
    black but one whose margins are equal, as then. Bitmaps of which no pixel is left go, and so do figures outside of
    what is cut.
    """

    repaints: ClassVar[bool] = True
    nothing_made: ClassVar[str] = "no window of the turned picture is free of black, nothing is written"

    rotate_angles: Annotated[Angles, Doc("by how much")]
    black_regions: Annotated[BlackRegions, Doc("what becomes of the black corners")]

    @property
    def needs_annotation(self) -> bool:
        return self.black_regions.mode == "crop"

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        size = item.image.size
        angle = float(rng().uniform(self.rotate_angles.min_degrees, self.rotate_angles.max_degrees))
        rotation = Rotation(size, angle)
        if max(size.height, size.width, rotation.target.height, rotation.target.width) > LONGEST_SIDE:
            raise DataError(
                f"{item.key}: {size} px are too many to be turned, a side may have {LONGEST_SIDE}; crop or tile before"
            )
        if self.black_regions.mode == "keep":
            yield rotate(item, rotation, None)
            return
        window = rotation.inner_window if self.black_regions.mode == "crop" else rotation.source_window
        if window is not None:
            yield rotate(item, rotation, window)


def rotate(item: Item, rotation: Rotation, window: Window | None) -> Item:
    """The turned picture, of it what lies in the window, which may stick out of it; None cuts nothing."""
    image = item.image.then(rotation.target, rotation.picture)
    annotation = item.annotation.move(rotation)
    if window is not None:  # also where it is the whole picture: polygons that stick out of it are cut then
        image, annotation = crop_black(image, window), annotation.crop(window)
    return replace(item, image=image, annotation=annotation, did={"angle": rotation.degrees})


def crop_black(image: LazyImage, window: Window) -> LazyImage:
    """A window of a picture, black where it sticks out."""
    inside = window.intersect(Window.whole(image.size))
    if inside == window:
        return image.crop(window)
    return image.then(window.size, partial(_cut_black, window=window))


def _cut_black(image_hwc: np.ndarray, *, window: Window) -> np.ndarray:
    cut_hwc = np.zeros((window.height, window.width, *image_hwc.shape[2:]), image_hwc.dtype)
    inside = window.intersect(Window(top=0, left=0, height=image_hwc.shape[0], width=image_hwc.shape[1]))
    if inside is not None:
        cut_hwc[inside.moved(down=-window.top, right=-window.left).slices] = image_hwc[inside.slices]
    return cut_hwc
