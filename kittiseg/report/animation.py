"""The windows over a picture, one after another, as an animated GIF."""

import io
from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image

from kittiseg.project.geometry import Size, Window
from kittiseg.report.colors import RGB
from kittiseg.report.overlay import scaled_corners

MOST_FRAMES = 80
SECONDS, PAUSE = 7.0, 2.5
"""So long takes a round at least, and so long its last frame stays."""

_CURRENT: RGB = (255, 196, 0)
_PAST: RGB = (148, 116, 22)
_SKIPPED: RGB = (222, 62, 62)
_DIM = 0.5
_FASTEST, _SLOWEST = 0.08, 0.3  # seconds a frame
_COLORS = 252  # of the pictures; three are the lines', the last one says that nothing has changed
_UNCHANGED = 255


def frame_seconds(frames: int) -> float:
    """How long a frame stays, so that few windows do not race and many do not creep."""
    return min(max(SECONDS / max(frames, 1), _FASTEST), _SLOWEST)


def window_frame(
    image_hwc: np.ndarray, windows: Sequence[Window], *, image: Size, skipped: Sequence[Window] = ()
) -> np.ndarray:
    """A copy of the picture, dark but in the last of the windows; those before it are outlined.

    A cross is in the middle of those that are skipped. ``image``: the size that the windows speak of; the picture may
    be a smaller copy.
    """
    corners = scaled_corners(windows, image, image_hwc)
    drawn_hwc = (image_hwc * _DIM).astype(np.uint8)
    _cross_out(drawn_hwc, skipped, image)
    for first, last in corners[:-1]:
        cv2.rectangle(drawn_hwc, first, last, _PAST, 1)
    (left, top), (right, bottom) = corners[-1]
    inside = slice(top, bottom + 1), slice(left, right + 1)
    drawn_hwc[inside] = image_hwc[inside]
    cv2.rectangle(drawn_hwc, *corners[-1], _CURRENT, max(2, round(image_hwc.shape[1] / 450)))
    return drawn_hwc


def last_frame(
    image_hwc: np.ndarray, windows: Sequence[Window], *, image: Size, skipped: Sequence[Window] = ()
) -> np.ndarray:
    """A copy of the picture with the outlines of all windows, and crosses; without them where they would hide it."""
    drawn_hwc = image_hwc.copy()
    _cross_out(drawn_hwc, skipped if len(skipped) <= MOST_FRAMES else (), image)
    for first, last in scaled_corners(windows if len(windows) <= MOST_FRAMES else (), image, image_hwc):
        cv2.rectangle(drawn_hwc, first, last, _CURRENT, 1)
    return drawn_hwc


def _cross_out(drawn_hwc: np.ndarray, skipped: Sequence[Window], image: Size) -> None:
    """A small cross in the middle of each: outlines of windows that overlap would say nothing of one of them."""
    for (left, top), (right, bottom) in scaled_corners(skipped, image, drawn_hwc):
        column, row, arm = (left + right) // 2, (top + bottom) // 2, max(min(right - left, bottom - top) // 12, 1)
        for down in (arm, -arm):
            cv2.line(drawn_hwc, (column - arm, row - down), (column + arm, row + down), _SKIPPED, 1)


def animated_gif(frames: Sequence[np.ndarray]) -> bytes:
    """RGB frames of one size as a GIF that repeats for ever and rests on its last one.

    All share one palette, and which of its colours a pixel gets depends on the pixel and its place alone: so what does
    not change from frame to frame is not written again.
    """
    palette = _palette([frames[0], frames[-1]])
    images = [_indexed(frame_hwc, palette) for frame_hwc in frames]
    stay = round(frame_seconds(len(frames) - 1) * 1000)
    file = io.BytesIO()
    images[0].save(
        file,
        "GIF",
        save_all=True,
        append_images=images[1:],
        duration=[stay] * (len(images) - 1) + [round(PAUSE * 1000)],
        loop=0,
        palette=bytes(palette.getpalette() or ()),  # else every frame would bring a table of its own
        transparency=_UNCHANGED,
        disposal=1,
        optimize=True,
    )
    return file.getvalue()


def _palette(frames: Sequence[np.ndarray]) -> Image.Image:
    """A picture whose palette fits these frames, with the colours of the lines."""
    taken = Image.fromarray(np.concatenate(list(frames))).quantize(_COLORS).getpalette() or []
    colors = [*taken[: 3 * _COLORS], *_CURRENT, *_PAST, *_SKIPPED]
    image = Image.new("P", (1, 1))
    image.putpalette(colors + list(_CURRENT) * (256 - len(colors) // 3))
    return image


def _indexed(frame_hwc: np.ndarray, palette: Image.Image) -> Image.Image:
    return Image.fromarray(frame_hwc).quantize(palette=palette, dither=Image.Dither.NONE)
