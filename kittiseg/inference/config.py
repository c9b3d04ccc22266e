"""The settings of a prediction: the JSON of the tutorial, with the defaults of 2018, and three fields of ours."""

from dataclasses import field
from typing import Annotated, Literal

from annotated_types import Ge, MinLen

from kittiseg.config import Doc, OneOf, settings
from kittiseg.inference.writers import AnyWriter
from kittiseg.project.geometry import Size
from kittiseg.project.windows import MinOverlap


@settings
class WindowSize:
    """The size of a sliding window."""

    width: Annotated[int, Ge(1), Doc("px")] = 128
    height: Annotated[int, Ge(1), Doc("px")] = 128

    @property
    def size(self) -> Size:
        return Size(height=self.height, width=self.width)


@settings
class FullImageSettings:
    """The whole picture at once, resized to the network's input."""

    source: Literal["full_image"] = "full_image"


@settings
class SlidingWindowSettings:
    """Windows side by side, whose scores are averaged where they overlap."""

    source: Literal["sliding_window"] = "sliding_window"
    window: Annotated[WindowSize, Doc("size of the windows on the picture")] = field(default_factory=WindowSize)
    min_overlap: Annotated[MinOverlap, Doc("of neighbouring windows")] = field(default_factory=MinOverlap)
    save: Annotated[bool, Doc("also write the windows, as rectangles")] = False
    class_name: Annotated[str, MinLen(1), Doc("class of those rectangles")] = "sliding_window"

    def __post_init__(self) -> None:
        for axis, overlap, window in (
            ("x", self.min_overlap.x, self.window.width),
            ("y", self.min_overlap.y, self.window.height),
        ):
            if overlap >= window:
                raise ValueError(
                    f"min_overlap {axis} is {overlap} px, but the window only {window} px wide or high; make it smaller"
                )


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
class Clean:
    """Which components of the labels give way to what is around them."""

    min_area: Annotated[int, Ge(0), Doc("px; smaller components take the label with the longest border")] = 0
    fill_holes: Annotated[int, Ge(0), Doc("px; smaller holes take the label around them")] = 0


@settings
class InferenceConfig:
    """How a model is applied to the pictures of a project, and what of its answer is written."""

    mode: Annotated[
        FullImageSettings | SlidingWindowSettings,
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

    def __post_init__(self) -> None:
        if len(set(self.gpu_devices)) < len(self.gpu_devices):
            raise ValueError("gpu_devices names one device twice")
        kinds = [writer.as_ for writer in self.outputs]
        if len(set(kinds)) < len(kinds):
            raise ValueError("outputs names one kind of file twice; one of each can be written")
