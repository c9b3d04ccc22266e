"""How a picture is presented to the network: which windows, and which of them become objects.

To add a mode: its settings in ``config``, a class here, a line in ``MODES``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from kittiseg.inference.config import FullImageSettings, SlidingWindowSettings
from kittiseg.inference.tiling import inner_window
from kittiseg.project.geometry import Size, Window
from kittiseg.project.windows import place_windows


@dataclass(frozen=True, slots=True)
class Layout:
    """The windows on one picture, a regular layout on ``canvas``: the picture, padded where a window is larger."""

    canvas: Size
    windows: list[Window]


class Mode(Protocol):
    """What a prediction does with a picture of a given size."""

    @property
    def rectangle_class(self) -> str | None:
        """The class of the rectangles that are written beside the predictions; None where there are none."""

    def layout(self, image: Size) -> Layout: ...

    def rectangles(self, image: Size) -> list[Window]:
        """What of the picture the network was shown, to be written as objects."""


@dataclass(frozen=True)
class FullImage:
    """The whole picture as one window."""

    settings: FullImageSettings
    rectangle_class = None

    def layout(self, image: Size) -> Layout:
        return Layout(image, [Window.whole(image)])

    def rectangles(self, image: Size) -> list[Window]:
        return []


@dataclass(frozen=True)
class SlidingWindow:
    """Windows as :func:`place_windows` puts them; a picture smaller than the window is padded to it."""

    settings: SlidingWindowSettings

    @property
    def rectangle_class(self) -> str | None:
        return self.settings.class_name if self.settings.save else None

    def layout(self, image: Size) -> Layout:
        window = self.settings.window.size
        canvas = Size(height=max(image.height, window.height), width=max(image.width, window.width))
        return Layout(canvas, place_windows(canvas, window, self.settings.min_overlap.size))

    def rectangles(self, image: Size) -> list[Window]:
        """The windows in the picture's coordinates, without what was padded."""
        inner = inner_window(image, self.settings.window.size)
        shown = (window.intersect(inner) for window in self.layout(image).windows)
        return [window.moved(down=-inner.top, right=-inner.left) for window in shown if window is not None]


MODES: dict[str, Callable[[Any], Mode]] = {"full_image": FullImage, "sliding_window": SlidingWindow}


def make_mode(settings: FullImageSettings | SlidingWindowSettings) -> Mode:
    """The mode that the settings' ``source`` names."""
    return MODES[settings.source](settings)
