"""The windows that a prediction lays over a picture, shown one after another, with what is found in them so far."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from kittiseg.config import load
from kittiseg.errors import ConfigError, DataError
from kittiseg.inference.config import InferenceConfig
from kittiseg.inference.modes import Mode, make_mode
from kittiseg.inference.regions import Region
from kittiseg.inference.scored import NOTHING
from kittiseg.inference.skip import Sieve, Skipping, is_plain, plan_skipping, sieve_of
from kittiseg.inference.stitching import arg_max
from kittiseg.pipeline.lineage import find_key
from kittiseg.pipeline.prediction_job import Job, PredictOptions, make_forward, prepare
from kittiseg.pipeline.run import Run
from kittiseg.progress import track
from kittiseg.project.geometry import Size, Window
from kittiseg.project.pixels import LazyImage
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
    """An animation that was written. ``frames``: of many windows only some have one.

    ``windows``: that the network is given; ``skipped``: others, whose pixels or place are reason enough for ``skip``.
    """

    file: str
    picture: str
    windows: int
    frames: int
    bytes: int
    skipped: int = 0

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

    A picture smaller than a window is shown as the network sees it, reflected at its sides. Windows that are skipped
    are crossed out, but for those that a first pass answers for. DataError where the mode shows the network nothing of
    the picture; ConfigError where only a model tells what the mode shows, and none is named.
    """
    if options.out.suffix.lower() != ".gif":
        raise ConfigError(f"--out {options.out}: the windows are an animation; write a name that ends in .gif")
    project = run.workspace.project(options.project)
    key = find_key(project, options.item)
    job, mode, skipping = _prepared(run, options)
    item = project.item(key)
    regions = mode.regions(item.annotation)
    if not regions:
        raise DataError(f"{key}: the mode shows the network nothing of this picture; take one with objects")
    sieve = sieve_of(skipping, project, key, item.annotation)
    canvas_hwc, windows, skipped = _laid_out(LazyImage.from_array(item.image.pixels()), regions, sieve)
    if not windows:
        raise DataError(
            f"{key}: all {len(skipped)} windows over this picture are skipped; see /mode/skip of the config"
        )
    finder = None if job is None else _finder(job, regions[0].input_size)
    stages = growing(canvas_hwc, windows, finder)
    shown = track(stages, run.progress, title=f"windows over {key.name}", total=len(windows), unit="windows")
    frames = _frames(shown, windows, skipped, Size(height=canvas_hwc.shape[0], width=canvas_hwc.shape[1]))
    data = animated_gif(frames)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_bytes(data)
    return WindowsShown(
        file=str(options.out),
        picture=str(key),
        windows=len(windows),
        frames=len(frames),
        bytes=len(data),
        skipped=len(skipped),
    )


def _prepared(run: Run, options: WindowsOptions) -> tuple[Job | None, Mode, Skipping | None]:
    """The job only where a model is named."""
    from kittiseg.training.classes import BACKGROUND

    if options.model is not None:
        job, *_ = prepare(run, PredictOptions(options.config, options.model, options.project))
        return job, job.mode, job.skipping
    config, meta = load(InferenceConfig, options.config), run.workspace.project(options.project).meta
    skipping = plan_skipping(config.skip, meta, background=BACKGROUND, source=str(options.config))
    return None, make_mode(config.mode), skipping


def _laid_out(
    image: LazyImage, regions: Sequence[Region], sieve: Sieve
) -> tuple[np.ndarray, list[Window], list[Window]]:
    """RGB uint8 (h, w, 3), the windows on it, and those that are skipped.

    The picture as it is, but where its one region is padded.
    """
    first = regions[0]
    is_padded = len(regions) == 1 and first.grid.canvas != first.place.size
    windows: list[Window] = []
    skipped: list[Window] = []
    for region in regions:
        for window in region.grid.windows:
            place = window if is_padded else region.shown(window)
            is_skipped = sieve.is_outside(region, window) or (sieve.plain and is_plain(region.cut(image, window)))
            if place is not None:
                (skipped if is_skipped else windows).append(place)
    return first.cut(image, Window.whole(first.grid.canvas)) if is_padded else image.pixels(), windows, skipped


def _frames(
    stages: Iterator[Callable[[], np.ndarray]], windows: Sequence[Window], skipped: Sequence[Window], image: Size
) -> list[np.ndarray]:
    """A frame for each step that is shown, and one that shows all."""
    steps, frames = set(evenly(len(windows), MOST_FRAMES)), []
    for step, seen in enumerate(stages):
        if step in steps:
            frames.append(window_frame(seen(), windows[: step + 1], image=image, skipped=skipped))
    return [*frames, last_frame(seen(), windows, image=image, skipped=skipped)]


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


def _finder(job: Job, input_size: Size | None) -> Finder:
    """The job's network, on this machine's CPU. ``input_size``: of the windows, as their region has it."""
    forward = make_forward(device="cpu", threads=None, job=job)
    colors = {index: job.outputs.meta.colors[title] for index, title in job.outputs.predicted.items()}
    return Finder(lambda windows_nhwc: forward(windows_nhwc, input_size), job.classes, colors)
