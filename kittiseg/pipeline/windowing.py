"""The windows that a prediction lays over a picture, shown one after another, with what is found in them so far."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from kittiseg.config import load
from kittiseg.errors import ConfigError
from kittiseg.inference.config import InferenceConfig
from kittiseg.inference.modes import make_mode
from kittiseg.inference.outputs import plan_outputs
from kittiseg.inference.scored import NOTHING
from kittiseg.inference.tiling import arg_max, pad_to_window
from kittiseg.pipeline.lineage import find_key
from kittiseg.pipeline.run import Run
from kittiseg.progress import track
from kittiseg.project.geometry import Size, Window
from kittiseg.project.store import Project
from kittiseg.report.animation import MOST_FRAMES, animated_gif, last_frame, window_frame
from kittiseg.report.collect import evenly
from kittiseg.report.colors import RGB
from kittiseg.report.overlay import fit, overlay, scaled_corners

_LARGEST = Size(height=700, width=900)


@dataclass(frozen=True)
class WindowsOptions:
    """What ``windows`` is asked for. ``item``: ``dataset/name.png``, or a name that stands once in the project.

    ``model``: as of ``predict``; its prediction then grows with the windows.
    """

    project: str
    item: str
    config: Path
    out: Path
    model: str | None = None


@dataclass(frozen=True, kw_only=True)
class WindowsShown:
    """An animation that was written. ``frames``: of many windows only some have one."""

    file: str
    picture: str
    windows: int
    frames: int
    bytes: int

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Finder:
    """What finds classes in windows. ``forward``: uint8 (n, h, w, 3) -> scores (n, c, h, w), c being ``classes``.

    ``colors``: of the classes that are written, by their index.
    """

    forward: Callable[[np.ndarray], np.ndarray]
    classes: int
    colors: Mapping[int, RGB]


def show_windows(run: Run, options: WindowsOptions) -> WindowsShown:
    """Writes the windows over one picture as an animated GIF, in the order in which the network is given them.

    A picture smaller than a window is shown as the network sees it, reflected at its sides.
    """
    if options.out.suffix.lower() != ".gif":
        raise ConfigError(f"--out {options.out}: the windows are an animation; write a name that ends in .gif")
    config = load(InferenceConfig, options.config)
    project = run.workspace.project(options.project)
    key = find_key(project, options.item)
    finder = None if options.model is None else _finder(run, options, config, project)
    item = project.item(key)
    windows = make_mode(config.mode).layout(item.image.size).windows
    seen = Size(height=max(each.bottom for each in windows), width=max(each.right for each in windows))
    canvas_hwc, _ = pad_to_window(item.image.pixels(), seen)
    stages = growing(canvas_hwc, windows, finder)
    shown = track(stages, run.progress, title=f"windows over {key.name}", total=len(windows), unit="windows")
    frames = _frames(shown, windows, Size(height=canvas_hwc.shape[0], width=canvas_hwc.shape[1]))
    data = animated_gif(frames)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_bytes(data)
    return WindowsShown(
        file=str(options.out), picture=str(key), windows=len(windows), frames=len(frames), bytes=len(data)
    )


def _frames(stages: Iterator[Callable[[], np.ndarray]], windows: Sequence[Window], image: Size) -> list[np.ndarray]:
    """A frame for each step that is shown, and one that shows all."""
    steps, frames = set(evenly(len(windows), MOST_FRAMES)), []
    for step, seen in enumerate(stages):
        if step in steps:
            frames.append(window_frame(seen(), windows[: step + 1], image=image))
    return [*frames, last_frame(seen(), windows, image=image)]


def growing(
    canvas_hwc: np.ndarray, windows: Sequence[Window], finder: Finder | None
) -> Iterator[Callable[[], np.ndarray]]:
    """For each window what gives the picture, small, with all that has been found once the window is done.

    Scores are added up in the size in which they are shown: for looking at, that is enough, however large the picture.
    """
    small_hwc = fit(canvas_hwc, _LARGEST)
    if finder is None:
        yield from ((lambda: small_hwc) for _ in windows)
        return
    image = Size(height=canvas_hwc.shape[0], width=canvas_hwc.shape[1])
    sums_chw = np.zeros((finder.classes, *small_hwc.shape[:2]), np.float32)
    colors, known_hw = finder.colors, np.zeros(small_hwc.shape[:2], bool)

    def found() -> np.ndarray:
        return overlay(small_hwc, np.where(known_hw, arg_max(sums_chw), NOTHING), colors)

    for window, ((left, top), (right, bottom)) in zip(windows, scaled_corners(windows, image, small_hwc), strict=True):
        inside = slice(top, bottom + 1), slice(left, right + 1)
        (scores_chw,) = finder.forward(np.stack([canvas_hwc[window.slices]]))
        for sums_hw, scores_hw in zip(sums_chw, scores_chw, strict=True):
            sums_hw[inside] += cv2.resize(scores_hw, (right + 1 - left, bottom + 1 - top), interpolation=cv2.INTER_AREA)
        known_hw[inside] = True
        yield found


def _finder(run: Run, options: WindowsOptions, config: InferenceConfig, project: Project) -> Finder:
    """The network of the options' model, on this machine's CPU."""
    from kittiseg.inference.network import NetworkForward
    from kittiseg.training.checkpoints import load_network, resolve

    name, _, wanted = str(options.model).partition("@")
    files = run.workspace.model_files(name)
    network, model = load_network(files, resolve(files, wanted or "last"))
    outputs = plan_outputs(config, model.classes.channels, project.meta, source=str(options.config))
    forward = NetworkForward(network, input_size=model.settings.input_size.size, precision=config.precision)
    colors = {index: outputs.meta.colors[title] for index, title in outputs.predicted.items()}
    return Finder(forward, len(model.classes), colors)
