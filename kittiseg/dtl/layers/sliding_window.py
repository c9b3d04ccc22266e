"""``sliding_window``: a picture for every position of a window."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, ClassVar

from kittiseg.config import Doc, settings
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.windows import NearFigures, WindowSize, check_overlap, cut
from kittiseg.errors import DataError
from kittiseg.project.item import Item
from kittiseg.project.windows import Overlap, place_windows


@settings
class SlidingWindow(Transform):
    """Cuts a picture into windows of one size, row by row, that overlap and cover all of it.

    The last window of a row or column is moved back to end where the picture ends, so its overlap is larger. Every
    window is written, with objects or without. A picture that is smaller than the window is an error: the original of
    2018 left it out with a warning.
    """

    mark: ClassVar[str] = r"x\d+y\d+"

    window: Annotated[WindowSize, Doc("how large the windows are")]
    min_overlap: Annotated[Overlap, Doc("of neighbouring windows")]

    def __post_init__(self) -> None:
        check_overlap(self.window, self.min_overlap)

    @property
    def needs_annotation(self) -> bool:
        return True

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        size, window = item.image.size, self.window.size
        if size.height < window.height or size.width < window.width:
            raise DataError(
                f"{item.key}: the picture is {size} px and the sliding window {window} px; make the window smaller, "
                "leave such pictures out by 'if' with 'min_width' and 'min_height', or use 'tile'"
            )
        figures = NearFigures(item.annotation)
        for place in place_windows(size, window, self.min_overlap.size):
            made = cut(item, place, annotation=figures.crop(place))
            yield replace(made, marks=(*item.marks, f"x{place.left}y{place.top}"))
