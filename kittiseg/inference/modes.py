"""How a picture is presented to the network: which parts of it, by which windows, and what of that becomes objects.

To add a mode: its settings in ``config``, a class here, a line in ``MODES``.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from kittiseg.errors import ConfigError, DataError, Problem
from kittiseg.inference.config import (
    AnyMode,
    BboxesSettings,
    FullImageSettings,
    RoiSettings,
    SlidingWindowSettings,
    WholeSettings,
)
from kittiseg.inference.grid import Axis, Grid, place
from kittiseg.inference.regions import Region
from kittiseg.project.annotation import Annotation
from kittiseg.project.geometry import Size, Window
from kittiseg.project.meta import ProjectMeta


@dataclass(frozen=True, slots=True)
class Sight:
    """What a mode must know of a network: its ``input_size``, the ``step`` that inputs are multiples of, and how far
    from a pixel it looks (``halo``), all in px of the input.
    """

    input_size: Size
    step: int = 1
    halo: int = 0


Mark = tuple[str, Window]
"""A rectangle that is written beside the predictions, and its class."""


class Mode(Protocol):
    """What a prediction does with a picture."""

    def regions(self, source: Annotation) -> list[Region]:
        """What is scored of a picture, from its size and its objects. DataError where that is nothing."""

    def mark_classes(self, meta: ProjectMeta) -> list[str]:
        """The classes of all rectangles that there may be."""

    def marks(self, source: Annotation) -> list[Mark]:
        """What of the picture the network was shown, to be written as rectangles."""


class _Unmarked:
    """A mode that writes no rectangles."""

    def mark_classes(self, meta: ProjectMeta) -> list[str]:
        return []

    def marks(self, source: Annotation) -> list[Mark]:
        return []


@dataclass(frozen=True)
class FullImage(_Unmarked):
    """The whole picture as one window."""

    settings: FullImageSettings
    sight: Sight | None = None

    def regions(self, source: Annotation) -> list[Region]:
        return [one_window(Window.whole(source.image))]


@dataclass(frozen=True)
class Roi:
    """What is left of the picture when its sides are cut off, as one window."""

    settings: RoiSettings
    sight: Sight | None = None

    def regions(self, source: Annotation) -> list[Region]:
        window = self.settings.bounds.inner_window(source.image)
        if not Window.whole(source.image).contains(window) or not window.area:
            raise DataError(
                f"the bounds of the mode leave nothing of a picture of {source.image} px; make them smaller"
            )
        return [one_window(window)]

    def mark_classes(self, meta: ProjectMeta) -> list[str]:
        return [self.settings.class_name] if self.settings.save else []

    def marks(self, source: Annotation) -> list[Mark]:
        return [(name, region.place) for name in self.mark_classes(ProjectMeta()) for region in self.regions(source)]


@dataclass(frozen=True)
class Bboxes:
    """The box of each object, padded, cut off at the picture's edges; passed over where nothing is left of it."""

    settings: BboxesSettings
    sight: Sight | None = None

    def regions(self, source: Annotation) -> list[Region]:
        return [one_window(window) for _, window in self._boxes(source)]

    def mark_classes(self, meta: ProjectMeta) -> list[str]:
        return [self._mark(name) for name in meta.shapes if self._takes(name)] if self.settings.save else []

    def marks(self, source: Annotation) -> list[Mark]:
        return [(self._mark(name), window) for name, window in self._boxes(source)] if self.settings.save else []

    def _boxes(self, source: Annotation) -> list[Mark]:
        whole = Window.whole(source.image)
        padded = (
            (figure.class_name, self.settings.padding.around(figure.shape.box.window))
            for figure in source.figures
            if self._takes(figure.class_name)
        )
        shown = ((name, window.intersect(whole)) for name, window in padded if window is not None)
        return [(name, window) for name, window in shown if window is not None]

    def _takes(self, name: str) -> bool:
        return self.settings.from_classes == "__all__" or name in self.settings.from_classes

    def _mark(self, name: str) -> str:
        return name + self.settings.add_suffix


@dataclass(frozen=True)
class SlidingWindow:
    """Windows as :func:`~kittiseg.inference.grid.place` puts them; a picture smaller than the window is padded."""

    settings: SlidingWindowSettings
    sight: Sight | None = None

    def regions(self, source: Annotation) -> list[Region]:
        window, overlap = self.settings.window.size, self.settings.min_overlap.px(self.settings.window.size)
        rows, columns = (
            place(max(length, side), side, shared, self.settings.placement)
            for length, side, shared in (
                (source.image.height, window.height, overlap.height),
                (source.image.width, window.width, overlap.width),
            )
        )
        return [Region(Window.whole(source.image), Grid(rows, columns, self.settings.blend))]

    def mark_classes(self, meta: ProjectMeta) -> list[str]:
        return [self.settings.class_name] if self.settings.save else []

    def marks(self, source: Annotation) -> list[Mark]:
        """The windows without what was padded."""
        if not self.settings.save:
            return []
        shown = (region.shown(window) for region in self.regions(source) for window in region.grid.windows)
        return [(self.settings.class_name, window) for window in shown if window is not None]


@dataclass(frozen=True)
class Whole(_Unmarked):
    """The picture in one pass of a fully convolutional network, or in tiles with a halo as wide as the network sees.

    Along each axis a picture of ``length`` px makes ``length * input / window`` px of input, to the nearest multiple
    of the network's step. Where that is more than ``most_inputs`` inputs, tiles of that many windows are placed, of
    which neighbours share two halos, and only what lies inside the halos counts. Tiles begin at multiples of the step,
    so that they show the network what one pass would show it; the last one ends where the picture does.
    """

    settings: WholeSettings
    sight: Sight

    def regions(self, source: Annotation) -> list[Region]:
        window, side = self.settings.window, self.sight.input_size
        rows, height = self._axis(source.image.height, window.height, side.height)
        columns, width = self._axis(source.image.width, window.width, side.width)
        return [Region(Window.whole(source.image), Grid(rows, columns), Size(height=height, width=width))]

    def _axis(self, length: int, window: int, side: int) -> tuple[Axis, int]:
        """The tiles, and what one is resized to."""
        step = self.sight.step
        whole_px = math.lcm(step, side // math.gcd(side, window))  # px of input that are whole px of the picture too
        reach = -(-self.sight.halo // whole_px) * whole_px
        most = max(self.settings.most_inputs, -(-2 * reach // side) + 1)
        if length <= most * window:
            return Axis(length, length, (0,)), max(round(length * side / window / step), 1) * step
        halo = reach * window // side
        tiles = place(length, most * window, 2 * halo)
        return Axis(length, tiles.window, tiles.starts, halo), most * side


def one_window(window: Window) -> Region:
    """A part of a picture that is one window."""
    rows, columns = Axis(window.height, window.height, (0,)), Axis(window.width, window.width, (0,))
    return Region(window, Grid(rows, columns))


def window_count(regions: Sequence[Region]) -> int:
    """How many windows the network is shown."""
    return sum(region.grid.count for region in regions)


MODES: dict[str, Callable[[Any, Any], Mode]] = {
    "full_image": FullImage,
    "sliding_window": SlidingWindow,
    "roi": Roi,
    "bboxes": Bboxes,
    "whole": Whole,
}


def make_mode(settings: AnyMode, sight: Sight | None = None) -> Mode:
    """The mode that the settings' ``source`` names. ``whole`` alone needs to know the network: else a ConfigError."""
    if isinstance(settings, WholeSettings) and sight is None:
        message = "'whole' depends on how far the network looks; name one by --model, or take sliding_window"
        raise ConfigError("the inference config", [Problem("/mode/source", message)])
    return MODES[settings.source](settings, sight)
