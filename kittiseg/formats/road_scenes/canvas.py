"""A picture and its masks, painted together: each stroke writes colours and, where it names one, an instance value.

Space is in metres: x to the right, y up from the road, z ahead of the camera. The picture is in px.
"""

from dataclasses import dataclass

import cv2
import numpy as np

HEIGHT, WIDTH = 375, 1242  # px, as the benchmark's frames

Rgb = tuple[float, float, float]


def scaled(rgb: Rgb, factor: float) -> Rgb:
    """The colour, brighter or darker."""
    return rgb[0] * factor, rgb[1] * factor, rgb[2] * factor


def random_rgb(rng: np.random.Generator, low: float, high: float) -> Rgb:
    """Any colour whose channels lie between two values."""
    red, green, blue = rng.uniform(low, high, 3).tolist()
    return red, green, blue


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """A pinhole camera that looks along z. ``horizon`` and ``center``: row and column of the vanishing point."""

    horizon: float
    center: float
    focal: float = 720.0
    height: float = 1.65

    def project(self, points: np.ndarray) -> np.ndarray:
        """(n, 3) metres, z > 0 -> (n, 2) px as (column, row)."""
        z = np.maximum(points[:, 2], 0.5)
        column = self.center + self.focal * points[:, 0] / z
        row = self.horizon + self.focal * (self.height - points[:, 1]) / z
        return np.stack([column, row], axis=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """Daylight: ``sun`` (-1 from the left, 1 from the right), how much sides differ, and haze that grows with z."""

    sun: int
    contrast: float
    haze_rgb: Rgb
    haze_distance: float

    def on(self, rgb: Rgb, *, z: float, facing: float = 0.0) -> Rgb:
        """A colour as seen at z metres on a face turned left (-1), to the camera (0) or right (1)."""
        gain = 1.0 + self.contrast * facing * self.sun
        clear = float(np.exp(-max(z, 0.0) / self.haze_distance))
        red, green, blue = (
            clear * gain * channel + (1 - clear) * haze for channel, haze in zip(rgb, self.haze_rgb, strict=True)
        )
        return red, green, blue


class Canvas:
    """Begins black and unlabeled. ``instance_hw`` holds class id * 256 + number."""

    def __init__(self, camera: Camera, light: Light, rng: np.random.Generator) -> None:
        self.camera = camera
        self.light = light
        self.rng = rng
        self.image_hwc = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        self.instance_hw = np.zeros((HEIGHT, WIDTH), np.uint16)
        self._grain_hw = grain_tile(rng, 2 * HEIGHT, 2 * WIDTH)

    def quad(
        self,
        points: np.ndarray,
        rgb: Rgb,
        *,
        value: int | None = None,
        shade: tuple[float, float] = (1.0, 1.0),
        grain: float = 0.0,
    ) -> None:
        """A flat polygon in space, (n, 3) metres; see :meth:`paint` for the rest."""
        corners = np.clip(np.round(self.camera.project(points)), -8000, 8000).astype(np.int32)
        left, top = np.maximum(corners.min(axis=0), 0).tolist()
        right, bottom = np.minimum(corners.max(axis=0) + 1, (WIDTH, HEIGHT)).tolist()
        if left >= right or top >= bottom:
            return
        if value is None and shade == (1.0, 1.0) and grain == 0:
            cv2.fillPoly(self.image_hwc, [corners], np.clip(rgb, 0, 255).tolist())
            return
        mask_hw = np.zeros((bottom - top, right - left), np.uint8)
        cv2.fillPoly(mask_hw, [corners - (left, top)], 1)
        self.paint(mask_hw != 0, (top, left), rgb, value=value, shade=shade, grain=grain)

    def paint(
        self,
        mask_hw: np.ndarray,
        corner: tuple[int, int],
        rgb: Rgb,
        *,
        value: int | None = None,
        shade: tuple[float, float] = (1.0, 1.0),
        grain: float = 0.0,
    ) -> None:
        """Colours a mask whose first pixel lies at ``corner`` (row, column), all of it inside the picture.

        ``shade``: brightness of its first and last row. ``grain``: strength of the noise on it, 0 none.
        ``value``: what it is in the masks; None leaves what lay there.
        """
        height, width = mask_hw.shape
        tone_hw: np.ndarray = np.broadcast_to(np.linspace(*shade, height, dtype=np.float32)[:, None], mask_hw.shape)
        if grain:
            row, column = self.rng.integers(0, (HEIGHT, WIDTH)).tolist()
            tone_hw = tone_hw + grain * self._grain_hw[row : row + height, column : column + width]
        colors_hwc = np.clip(tone_hw[:, :, None] * np.asarray(rgb, np.float32), 0, 255).astype(np.uint8)
        region = slice(corner[0], corner[0] + height), slice(corner[1], corner[1] + width)
        np.copyto(self.image_hwc[region], colors_hwc, where=mask_hw[:, :, None])
        if value is not None:
            self.instance_hw[region][mask_hw] = value

    def darken(self, points: np.ndarray, factor: float) -> None:
        """A soft shadow on what is there: a flat polygon in space, (n, 3) metres."""
        corners = np.clip(np.round(self.camera.project(points)), -8000, 8000).astype(np.int32)
        left, top = np.maximum(corners.min(axis=0) - 4, 0).tolist()
        right, bottom = np.minimum(corners.max(axis=0) + 5, (WIDTH, HEIGHT)).tolist()
        if left >= right or top >= bottom:
            return
        mask_hw = np.zeros((bottom - top, right - left), np.float32)
        cv2.fillPoly(mask_hw, [corners - (left, top)], 1.0 - factor)
        dim_hw1 = 1.0 - cv2.GaussianBlur(mask_hw, (0, 0), 1.5)[:, :, None]
        region = slice(top, bottom), slice(left, right)
        self.image_hwc[region] = (self.image_hwc[region] * dim_hw1).astype(np.uint8)


def grain_tile(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Noise (h, w) float32 of mean 0 and standard deviation 1: fine, middling and coarse structure together."""
    tile_hw = 0.5 * rng.standard_normal((height, width), np.float32)
    for cell, weight in ((4, 0.6), (14, 0.5), (60, 0.4)):
        coarse_hw = rng.standard_normal((height // cell + 2, width // cell + 2), np.float32)
        tile_hw += weight * cv2.resize(coarse_hw, (width, height), interpolation=cv2.INTER_LINEAR)
    return (tile_hw - tile_hw.mean()) / tile_hw.std()
