"""What layers that cut windows have in common: their settings, and the cut itself."""

from dataclasses import astuple, replace
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge

from kittiseg.config import Doc, settings
from kittiseg.project.annotation import Annotation
from kittiseg.project.geometry import Size, Window
from kittiseg.project.item import Item
from kittiseg.project.windows import Overlap


@settings
class WindowSize:
    """How large the windows are."""

    width: Annotated[int, Ge(1), Doc("px")]
    height: Annotated[int, Ge(1), Doc("px")]

    @property
    def size(self) -> Size:
        return Size(height=self.height, width=self.width)


def check_overlap(window: WindowSize, overlap: Overlap) -> None:
    """ValueError where windows would make no step."""
    for axis, shared, length in (("x", overlap.x, window.width), ("y", overlap.y, window.height)):
        if shared >= length:
            raise ValueError(f"min_overlap {axis} is {shared} px but the window only {length} px; make it smaller")


class NearFigures:
    """An annotation that can be cropped many times: figures far from a window cost nothing."""

    def __init__(self, annotation: Annotation) -> None:
        self._annotation = annotation
        boxes = [astuple(figure.shape.box) for figure in annotation.figures]
        self._left, self._top, self._right, self._bottom = np.array(boxes).reshape(-1, 4).T

    def crop(self, window: Window) -> Annotation:
        """As ``Annotation.crop``."""
        beside = (self._right < window.left) | (self._left > window.right)
        above = (self._bottom < window.top) | (self._top > window.bottom)
        near = tuple(self._annotation.figures[index] for index in np.flatnonzero(~(beside | above)))
        return replace(self._annotation, figures=near).crop(window)


def cut(item: Item, window: Window, *, annotation: Annotation | None = None, **did: Any) -> Item:
    """What lies in the window. The whole picture keeps its file's bytes. ``did``: what else there is to tell.

    ``annotation``: that of the window, where it is known already.
    """
    place = [window.left, window.top, window.width, window.height]
    return replace(
        item,
        image=item.image.crop(window),
        annotation=item.annotation.crop(window) if annotation is None else annotation,
        did={"window": place, **did},
    )
