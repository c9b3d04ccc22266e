"""Whether objects are as large on the network's input when it predicts as when it was trained.

A network learns objects in the size that it sees. Crops of 200 px and windows of 400 px, both resized to one input,
show the same car in two sizes, and its scores suffer without any error.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from kittiseg.inference.config import (
    BboxesSettings,
    FullImageSettings,
    InferenceConfig,
    RoiSettings,
    SlidingWindowSettings,
    WholeSettings,
)
from kittiseg.project.geometry import Size

TOLERANCE = 0.15
"""By so much two scales may differ before that is worth a warning."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Px of a picture for each px of the network's input: ``x`` along its width, ``y`` along its height."""

    x: float
    y: float

    @classmethod
    def of(cls, sizes_n2: np.ndarray, input_size: Size) -> "Scale":
        """The mean over one or more pictures of these sizes (height, width; px), each resized to the input."""
        height, width = sizes_n2.mean(axis=0, dtype=np.float64).tolist()
        return cls(x=width / input_size.width, y=height / input_size.height)

    def shown(self, input_size: Size) -> Size:
        """How much of a picture fills the input, px."""
        return Size(height=round(self.y * input_size.height), width=round(self.x * input_size.width))

    def to_json(self) -> dict[str, float]:
        return {"x": round(self.x, 6), "y": round(self.y, 6)}

    @classmethod
    def from_json(cls, document: Mapping[str, float]) -> "Scale":
        return cls(x=document["x"], y=document["y"])


def windows_scale(config: InferenceConfig, input_size: Size, pictures_n2: np.ndarray | None = None) -> Scale | None:
    """The scale at which an inference config shows pictures; None where that hangs on sizes that are not known."""
    mode = config.mode
    if isinstance(mode, SlidingWindowSettings | WholeSettings):
        return Scale.of(sizes_array([mode.window.size]), input_size)
    if pictures_n2 is None or isinstance(mode, BboxesSettings):
        return None
    if isinstance(mode, RoiSettings):
        sizes = (Size(height=height, width=width) for height, width in pictures_n2.tolist())
        pictures_n2 = sizes_array(mode.bounds.inner_window(size).size for size in sizes)
    return Scale.of(pictures_n2, input_size)


def misfit(
    training: Scale, config: InferenceConfig, input_size: Size, pictures_n2: np.ndarray | None = None
) -> str | None:
    """The warning where windows are off the training's scale by more than :data:`TOLERANCE` on an axis, else None.

    ``pictures_n2``: sizes of the pictures that are predicted, where they are known.
    """
    shown = windows_scale(config, input_size, pictures_n2)
    if shown is None:
        return None
    larger = Scale(x=training.x / shown.x, y=training.y / shown.y)  # of objects on the input
    if max(larger.x, 1 / larger.x, larger.y, 1 / larger.y) <= 1 + TOLERANCE:
        return None
    what = "whole pictures" if isinstance(config.mode, FullImageSettings) else "windows"
    crop = shown.shown(input_size)
    return (
        f"the model was trained at {_by(training)} px of a picture per px of its input, but {what} of {crop} px are "
        f"shown to it at {_by(shown)}: objects look {_by(larger)} times as large as in training (width x height). "
        f"Windows of {training.shown(input_size)} px fit this model; for these, train on crops of {crop} px"
        f"{_percent(crop, pictures_n2)}"
    )


def sizes_array(sizes: Iterable[Size]) -> np.ndarray:
    """Heights and widths, int32 (n, 2)."""
    return np.array([(size.height, size.width) for size in sizes], np.int32).reshape(-1, 2)


def _by(scale: Scale) -> str:
    return f"{scale.x:.2f} x {scale.y:.2f}"


def _percent(crop: Size, pictures_n2: np.ndarray | None) -> str:
    if pictures_n2 is None:
        return ""
    height, width = pictures_n2.mean(axis=0, dtype=np.float64)
    return f", {100 * crop.width / width:.0f} % x {100 * crop.height / height:.0f} % of the pictures"
