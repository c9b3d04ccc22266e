"""``crop``: a window of each picture, drawn at random or cut from its sides."""

from collections.abc import Iterator
from math import ceil, floor
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Le, MinLen

from kittiseg.config import Doc, settings
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.mapping import check_known
from kittiseg.dtl.parts import RandomPart, draw_window, needs_size
from kittiseg.dtl.windows import cut
from kittiseg.project.annotation import Annotation, Figure
from kittiseg.project.geometry import Size, Window
from kittiseg.project.item import Item
from kittiseg.project.lengths import Sides
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.vectors import Rectangle


@settings
class Around:
    """Which objects the window is drawn around."""

    classes: Annotated[tuple[str, ...], MinLen(1), Doc("objects of these, each equally likely")]
    probability: Annotated[float, Ge(0), Le(1), Doc("how often; else the window is drawn as without this")] = 1.0


@settings
class Crop(Transform):
    """Cuts a window out of picture and figures; one of ``random_part`` and ``sides``.

    With ``around``, which is ours, the window is put where it shows an object: all of it where it fits in, else its
    middle, every such place being equally likely. A picture without such objects gets an ordinary window.
    """

    nothing_made: ClassVar[str] = "the crop has no pixels, nothing is written"

    random_part: Annotated[RandomPart | None, Doc("a window of random size at a random place")] = None
    sides: Annotated[Sides | None, Doc('how much goes from each side: "20px", or "5%" of the picture\'s')] = None
    around: Annotated[Around | None, Doc("with random_part: draw the place around an object")] = None

    def __post_init__(self) -> None:
        if (self.random_part is None) == (self.sides is None):
            raise ValueError("give either 'random_part' or 'sides', and not both")
        if self.around is not None and self.random_part is None:
            raise ValueError("'around' goes with 'random_part': 'sides' leave no place to choose")

    @property
    def needs_annotation(self) -> bool:
        return needs_size(self.random_part, self.sides)

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        if self.around:
            check_known(meta, self.around.classes, "around", "classes")
        return meta

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        size = item.image.size
        if self.sides is not None:
            window = self.sides.inner_window(size)
            if window.area:
                yield cut(item, window)
            return
        assert self.random_part is not None
        draws = rng()
        window = draw_window(size, self.random_part, draws)
        target = draw_target(item.annotation, self.around, draws) if self.around else None
        if window.area and target is not None:
            box = whole_pixels(target.shape.box, size)
            yield cut(item, draw_around(size, window.size, box, draws), around=target.class_name)
        elif window.area:
            yield cut(item, window)


def draw_target(annotation: Annotation, around: Around, rng: np.random.Generator) -> Figure | None:
    """The object that is to be shown, drawn after the ordinary window: one that is not drawn changes nothing."""
    candidates = [figure for figure in annotation.figures if figure.class_name in around.classes]
    if rng.random() >= around.probability or not candidates:
        return None
    return candidates[int(rng.integers(len(candidates)))]


def whole_pixels(box: Rectangle, image: Size) -> Window:
    """The pixels of the picture that a box touches, at least one."""
    left, top = min(max(floor(box.left), 0), image.width - 1), min(max(floor(box.top), 0), image.height - 1)
    right, bottom = min(max(ceil(box.right), left + 1), image.width), min(max(ceil(box.bottom), top + 1), image.height)
    return Window(top=top, left=left, height=bottom - top, width=right - left)


def draw_around(image: Size, window: Size, box: Window, rng: np.random.Generator) -> Window:
    """A window that shows the box, along each axis all of it or, where it is too long, the pixel in its middle."""
    left = _draw_start(image.width, window.width, (box.left, box.right), rng)
    top = _draw_start(image.height, window.height, (box.top, box.bottom), rng)
    return Window(top=top, left=left, height=window.height, width=window.width)


def _draw_start(length: int, window: int, box: tuple[int, int], rng: np.random.Generator) -> int:
    start, stop = box
    if stop - start > window:
        start = (start + stop) // 2
        stop = start + 1
    return int(rng.integers(max(0, stop - window), min(start, length - window) + 1))
