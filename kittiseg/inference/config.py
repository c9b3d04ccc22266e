"""The settings of a prediction: the JSON of the tutorial, with the defaults of 2018, and fields of ours."""

from dataclasses import field
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt, MinLen

from kittiseg.config import Doc, OneOf, settings
from kittiseg.inference.grid import Blend, Placement
from kittiseg.inference.skip import Skip
from kittiseg.inference.writers import AnyWriter
from kittiseg.project.geometry import Size
from kittiseg.project.lengths import Margins, Sides

_Overlap = Annotated[int, Ge(0)] | Annotated[float, Ge(0), Lt(1)]


@settings
class WindowSize:
    """The size of a sliding window."""

    width: Annotated[int, Ge(1), Doc("px")] = 128
    height: Annotated[int, Ge(1), Doc("px")] = 128

    @property
    def size(self) -> Size:
        return Size(height=self.height, width=self.width)


@settings
class WindowOverlap:
    """What a window shares with its neighbours at least: px where it is a whole number, else a part of the window."""

    x: Annotated[_Overlap, Doc("with the next one to the right: 300 px, or 0.5 of the width")] = 0
    y: Annotated[_Overlap, Doc("with the next one below: 300 px, or 0.5 of the height")] = 0

    def px(self, window: Size) -> Size:
        """In px, cut off."""
        x, y = (
            overlap if isinstance(overlap, int) else int(overlap * length)
            for overlap, length in ((self.x, window.width), (self.y, window.height))
        )
        return Size(height=y, width=x)


@settings
class FullImageSettings:
    """The whole picture at once, resized to the network's input."""

    source: Literal["full_image"] = "full_image"


@settings
class RoiSettings:
    """A part of the picture, the same of each, as one window."""

    source: Literal["roi"] = "roi"
    bounds: Annotated[Sides, Doc('what is cut off on each side: "20px", or "5%" of it')] = field(default_factory=Sides)
    save: Annotated[bool, Doc("also write the part, as a rectangle")] = False
    class_name: Annotated[str, MinLen(1), Doc("class of that rectangle")] = "inference_roi"


@settings
class BboxesSettings:
    """Around each object that the picture has, a window of its own."""

    source: Literal["bboxes"] = "bboxes"
    from_classes: Annotated[Literal["__all__"] | tuple[str, ...], Doc("objects of these, or '__all__'")] = "__all__"
    padding: Annotated[Margins, Doc('more on each side: "20px", or "5%" of the object\'s box; below 0: less')] = field(
        default_factory=Margins
    )
    save: Annotated[bool, Doc("also write the windows, as rectangles")] = False
    add_suffix: Annotated[str, Doc("stands behind the objects' classes in those of the rectangles")] = "_input_bbox"


@settings
class SlidingWindowSettings:
    """Windows side by side, whose scores are averaged where they overlap."""

    source: Literal["sliding_window"] = "sliding_window"
    window: Annotated[WindowSize, Doc("size of the windows on the picture")] = field(default_factory=WindowSize)
    min_overlap: Annotated[WindowOverlap, Doc("of neighbouring windows")] = field(default_factory=WindowOverlap)
    placement: Annotated[
        Placement,
        Doc("clamp: the last window is moved back; even: equal steps; fit: stretched over a remainder of few px"),
    ] = "clamp"
    blend: Annotated[Blend, Doc("what scores weigh over a window: mean: the same everywhere; less at its edges")] = (
        "mean"
    )
    skip: Annotated[Skip | None, Doc("which windows the network need not be shown; null: it is shown all")] = None
    save: Annotated[bool, Doc("also write the windows, as rectangles")] = False
    class_name: Annotated[str, MinLen(1), Doc("class of those rectangles")] = "sliding_window"

    def __post_init__(self) -> None:
        px, window = self.min_overlap.px(self.window.size), self.window
        for axis, overlap, length in (("x", px.width, window.width), ("y", px.height, window.height)):
            if overlap >= length:
                raise ValueError(
                    f"min_overlap {axis} is {overlap} px, but the window only {length} px wide or high; make it smaller"
                )


@settings
class WholeSettings:
    """The whole picture in one pass, at the scale at which windows of this size would show it; large ones in tiles."""

    source: Literal["whole"] = "whole"
    window: Annotated[WindowSize, Doc("so much of the picture is as large as the network's input")] = field(
        default_factory=WindowSize
    )
    most_inputs: Annotated[
        int, Ge(1), Doc("a tile is at most so many times as wide, and as high, as the network's input")
    ] = 6


AnyMode = FullImageSettings | SlidingWindowSettings | RoiSettings | BboxesSettings | WholeSettings


@settings
class ModelClasses:
    """Which classes of the model are written, and how they are called."""

    save_classes: Annotated[Literal["__all__"] | tuple[str, ...], Doc("titles, or '__all__'")] = "__all__"
    add_suffix: Annotated[str, Doc("stands behind the titles")] = "_unet"
    geometry: Annotated[Literal["bitmap", "polygon"], Doc("what objects are; polygons are always objects")] = "bitmap"
    tolerance: Annotated[float, Ge(0), Doc("px; by how much polygons may miss corners (Douglas-Peucker)")] = 1.0
    objects: Annotated[bool, Doc("each connected part an object, instead of one bitmap per class")] = False


@settings
class ExistingObjects:
    """Which objects that the pictures have already are kept, and how they are called."""

    save_classes: Annotated[Literal["__all__"] | tuple[str, ...], Doc("titles, or '__all__'")] = ()
    add_suffix: Annotated[str, Doc("stands behind the titles")] = ""


@settings
class Augmentation:
    """What a window is also shown as; the probabilities of all are turned back and averaged."""

    mirror: Annotated[bool, Doc("also left for right")] = False
    flip: Annotated[bool, Doc("also upside down; with mirror in all four ways")] = False
    scales: Annotated[
        tuple[Annotated[float, Gt(0), Le(8)], ...],
        MinLen(1),
        Doc("of the network's input, each rounded to what the network takes"),
    ] = (1.0,)

    def __post_init__(self) -> None:
        if len(set(self.scales)) < len(self.scales):
            raise ValueError(f"scales names one twice: {list(self.scales)}")

    @property
    def axes(self) -> tuple[tuple[int, ...], ...]:
        """The axes of nchw that are reversed, for each way in which a window is shown; none for the window as it is."""
        ways = ((), (3,), (2,), (2, 3))
        return tuple(axes for axes in ways if (self.mirror or 3 not in axes) and (self.flip or 2 not in axes))

    @property
    def views(self) -> int:
        """How many forward passes a window takes."""
        return len(self.scales) * len(self.axes)


@settings
class Clean:
    """Which components of the labels give way to what is around them."""

    min_area: Annotated[int, Ge(0), Doc("px; smaller components take the label with the longest border")] = 0
    fill_holes: Annotated[int, Ge(0), Doc("px; smaller holes take the label around them")] = 0


@settings
class InferenceConfig:
    """How a model is applied to the pictures of a project, and what of its answer is written."""

    mode: Annotated[
        AnyMode,
        OneOf("source"),
        Doc("how a picture is presented to the network"),
    ] = field(default_factory=FullImageSettings)
    gpu_devices: Annotated[tuple[Annotated[int, Ge(0)], ...], MinLen(1), Doc("one worker for each")] = (0,)
    model_classes: Annotated[ModelClasses, Doc("what is written of the model's answer")] = field(
        default_factory=ModelClasses
    )
    existing_objects: Annotated[ExistingObjects, Doc("what is kept of the pictures' objects")] = field(
        default_factory=ExistingObjects
    )
    clean: Annotated[Clean | None, Doc("which specks and holes of the labels go")] = None
    outputs: Annotated[
        tuple[Annotated[AnyWriter, OneOf("as_")], ...], Doc("files that are written beside the pictures")
    ] = ()
    batch_size: Annotated[int, Ge(1), Doc("windows per forward pass")] = 16
    devices: Annotated[
        Literal["exact", "auto", "cpu"],
        Doc("exact: the devices named or an error; auto: as many of them as there are; cpu: no GPU"),
    ] = "exact"
    precision: Annotated[
        Literal["auto", "bf16", "fp32"], Doc("bf16, fp32, or auto: bf16 where the hardware computes it")
    ] = "auto"
    augment: Annotated[Augmentation, Doc("what each window is also shown as, for a better mean")] = field(
        default_factory=Augmentation
    )
    temperature: Annotated[
        Literal["auto", "none"] | Annotated[float, Gt(0)],
        Doc("what the scores before the softmax are divided by; auto: as the checkpoint was calibrated, if it was"),
    ] = "auto"
    compile: Annotated[bool, Doc("compile the network by torch.compile, which takes a minute at first")] = False

    @property
    def skip(self) -> Skip | None:
        """Which windows the network need not be shown, in the mode that can leave some out."""
        return self.mode.skip if isinstance(self.mode, SlidingWindowSettings) else None

    def __post_init__(self) -> None:
        if len(set(self.gpu_devices)) < len(self.gpu_devices):
            raise ValueError("gpu_devices names one device twice")
        kinds = [writer.as_ for writer in self.outputs]
        if len(set(kinds)) < len(kinds):
            raise ValueError("outputs names one kind of file twice; one of each can be written")
