"""The size that a picture, or its annotation alone, is brought to."""

from typing import Annotated

from annotated_types import Ge, Le

from kittiseg.config import Doc, settings
from kittiseg.errors import DataError
from kittiseg.project.geometry import Size
from kittiseg.project.item import Item
from kittiseg.project.motions import Scaling

AUTO = -1
MOST_PX = 1 << 30
"""Of a picture that OpenCV reads."""


@settings
class AspectRatio:
    """What becomes of the aspect ratio."""

    keep: Annotated[
        bool, Doc("true: the picture is fitted into the size, with black beside it; false: it is stretched")
    ]


@settings
class NewSize:
    """The settings of layers that resize."""

    width: Annotated[int, Ge(AUTO), Le(MOST_PX), Doc("px, or -1: from the height")]
    height: Annotated[int, Ge(AUTO), Le(MOST_PX), Doc("px, or -1: from the width")]
    aspect_ratio: Annotated[AspectRatio, Doc("what becomes of the aspect ratio")]

    def __post_init__(self) -> None:
        if 0 in (self.width, self.height):
            raise ValueError("a picture cannot be 0 px wide or high; give the size in px, or -1 for one of the sides")
        if self.width == self.height == AUTO:
            raise ValueError("width and height cannot both be -1; give one of them in px")
        if AUTO in (self.width, self.height) and not self.aspect_ratio.keep:
            raise ValueError('a side of -1 follows from the aspect ratio: set "aspect_ratio": {"keep": true}')

    def scaling_of(self, item: Item) -> Scaling:
        """What becomes of a picture. DataError where it would have no pixel left, or too many."""
        scaling = self.scaling(item.image.size)
        if not scaling.inner.area or not scaling.target.area:
            raise DataError(
                f"{item.key}: the picture of {item.image.size} px would have no pixel left when resized; make 'width' "
                "and 'height' larger, or do not keep the aspect ratio"
            )
        if scaling.target.area > MOST_PX:
            raise DataError(f"{item.key}: resized to {scaling.target} px, the picture could not be read again")
        return scaling

    def scaling(self, image: Size) -> Scaling:
        """What becomes of a picture of this size."""
        if not self.aspect_ratio.keep:
            return Scaling.stretch(image, Size(height=self.height, width=self.width))
        if self.height == AUTO:
            height = round(image.height * (self.width / image.width))
            return Scaling.scale(image, Size(height=height, width=self.width), self.width / image.width)
        if self.width == AUTO:
            width = round(image.width * (self.height / image.height))
            return Scaling.scale(image, Size(height=self.height, width=width), self.height / image.height)
        factor = min(self.height / image.height, self.width / image.width)
        return Scaling.scale(image, Size(height=self.height, width=self.width), factor)
