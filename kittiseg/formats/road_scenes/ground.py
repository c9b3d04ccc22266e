"""The street that a scene lies on: its course, its ground, and the sky above it."""

from dataclasses import dataclass

import cv2
import numpy as np

from kittiseg.formats.kitti import CLASS_IDS
from kittiseg.formats.road_scenes.canvas import HEIGHT, WIDTH, Canvas, Rgb, grain_tile

STUFF = {name: number * 256 for name, number in CLASS_IDS.items()}  # instance values of classes without numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """The road's course. ``left``, ``right``: its edges in m from the camera; ``bend``: sideways drift in 1/m."""

    left: float
    right: float
    sidewalk: float
    bend: float
    asphalt: float

    def drift(self, z: float | np.ndarray) -> float | np.ndarray:
        """How far the road has moved sideways at z metres ahead."""
        return self.bend * z * z


def paint_sky(canvas: Canvas, rgb: Rgb) -> None:
    """A gradient with clouds, and a line of far trees before it."""
    rng, horizon = canvas.rng, int(canvas.camera.horizon) + 2
    sky = np.ones((horizon, WIDTH), bool)
    canvas.paint(sky, (0, 0), rgb, value=STUFF["sky"], shade=(0.85, 1.12))
    clouds = cv2.resize(rng.uniform(-1, 1, (7, 9)), (WIDTH, horizon), interpolation=cv2.INTER_CUBIC)
    fine = cv2.resize(rng.uniform(-1, 1, (14, 24)), (WIDTH, horizon), interpolation=cv2.INTER_CUBIC)
    cover = np.clip(clouds + 0.4 * fine - rng.uniform(-0.2, 0.6), 0, 1)[:, :, None] * 0.8
    canvas.image_hwc[:horizon] = (1 - cover) * canvas.image_hwc[:horizon] + cover * 232
    hills = cv2.resize(rng.uniform(4, 46, (1, 24)).astype(np.float32), (WIDTH, 1), interpolation=cv2.INTER_CUBIC)
    ragged = hills[0] + rng.normal(0, 2.5, WIDTH)
    rows = np.arange(horizon)[:, None]
    trees = rows >= horizon - np.maximum(ragged, 2)
    far_green = canvas.light.on((66, 86, 44), z=120)
    canvas.paint(trees, (0, 0), far_green, value=STUFF["vegetation"], grain=0.16)


def paint_ground(canvas: Canvas, street: Street) -> None:
    """Grass, sidewalks and road with its marks, each pixel coloured by the place that it shows."""
    rng, camera = canvas.rng, canvas.camera
    top = int(np.ceil(camera.horizon)) + 1
    z = camera.focal * camera.height / (np.arange(top, HEIGHT) - camera.horizon + 0.5)[:, None]
    x = (np.arange(WIDTH) - camera.center) * z / camera.focal - street.drift(z)
    tile = grain_tile(rng, 512, 512)
    texture = _lay(tile, x * 14, z * 14) * np.clip(18 / z, 0.12, 1)
    stains = _lay(cv2.GaussianBlur(tile, (0, 0), 2), x * 9, z * 9)
    leafy = _lay(cv2.GaussianBlur(tile, (0, 0), 12), x * 20, z * 10) * 5
    shadow = np.clip(4 * (leafy - rng.uniform(0.2, 1.5)), 0, 1) * min(1.3 * canvas.light.contrast, 0.42)
    on_road = (x > street.left) & (x < street.right)
    on_walk = (x > street.left - street.sidewalk) & (x < street.right + street.sidewalk) & ~on_road
    grass = np.asarray((88, 106, 56)) * rng.uniform(0.75, 1.2)
    walk = np.asarray((158, 150, 142)) * rng.uniform(0.8, 1.15)
    asphalt = np.asarray((1.0, 1.0, 1.03)) * street.asphalt
    colors = np.where(on_road[..., None], asphalt, np.where(on_walk[..., None], walk, grass))
    tone = 1 + texture * np.where(on_road, 0.06, np.where(on_walk, 0.07, 0.2)) + 0.03 * stains
    joints = on_walk & ((z % 1.0 < 0.05) & (z < 25) | (np.abs(x - street.right - 0.08) < 0.08))
    tone = np.where(joints, tone * 0.8, tone)
    curb = (np.abs(x - street.left) < 0.09) | (np.abs(x - street.right) < 0.09)
    colors = np.where(curb[..., None], walk * 1.15, colors)
    tone = tone * (1 - shadow)
    paint = _marks(street, x, z, dashes=rng.uniform(0, 9)) * np.clip(0.85 + 0.25 * stains, 0.15, 1)
    colors = colors * tone[..., None]
    colors = colors + paint[..., None] * (225 - colors)
    haze = np.exp(-z / canvas.light.haze_distance)[..., None]
    colors = haze * colors + (1 - haze) * np.asarray(canvas.light.haze_rgb)
    canvas.image_hwc[top:] = np.clip(colors, 0, 255).astype(np.uint8)
    values = np.where(on_road, STUFF["road"], np.where(on_walk, STUFF["sidewalk"], STUFF["terrain"]))
    canvas.instance_hw[top:] = values.astype(np.uint16)


def _lay(tile: np.ndarray, columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The noise at places of the ground; the tile is mirrored again and again, so that it has no seams."""
    high, wide = tile.shape
    columns, rows = np.broadcast_arrays(columns.astype(np.float32), rows.astype(np.float32))
    mirrored_columns = np.abs((columns + wide / 3) % (2 * wide - 2) - (wide - 1))
    mirrored_rows = np.abs(rows % (2 * high - 2) - (high - 1))
    return cv2.remap(tile, mirrored_columns, mirrored_rows, cv2.INTER_LINEAR)


def _marks(street: Street, x: np.ndarray, z: np.ndarray, *, dashes: float) -> np.ndarray:
    """Coverage 0 to 1 of white paint: a dashed line in the middle, solid ones near the edges."""
    middle = (street.left + street.right) / 2
    dashed = (np.abs(x - middle) < 0.08) & ((z + dashes) % 9 < 4)
    solid = (np.abs(x - street.left - 0.4) < 0.06) | (np.abs(x - street.right + 0.4) < 0.06)
    return np.where((dashed | solid) & (z < 90), 0.75, 0.0)
