"""Drawn road scenes in KITTI's layout, for a demo and for tests where no real frames are at hand.

A scene follows from the seed and its number alone: any of them can be made anywhere, in any order.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from kittiseg.formats.kitti import CLASS_IDS, CLASSES
from kittiseg.formats.road_scenes import surroundings
from kittiseg.formats.road_scenes.canvas import HEIGHT, WIDTH, Camera, Canvas, Light, Rgb, scaled
from kittiseg.formats.road_scenes.ground import Street, paint_ground, paint_sky
from kittiseg.formats.road_scenes.models import random_model
from kittiseg.formats.road_scenes.vehicles import Pose, draw_vehicle
from kittiseg.project.pixels import encode

FIRST_TEST_SCENE = 100_000  # test scenes are numbered from here, so that more training scenes leave them as they are
_CARS_AHEAD = 70.0  # metres to which traffic stands densely
_NEAREST_LARGE = 20.0  # metres to a truck or bus: one at hand would fill a quarter of the picture and decide its score

Thing = tuple[float, Callable[[Canvas], None]]  # how far away, and how to draw it


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture, RGB uint8, and its masks: uint16, class id * 256 + number."""

    image_hwc: np.ndarray
    instance_hw: np.ndarray


def write_road_scenes(folder: Path, *, training: int, testing: int, seed: int) -> None:
    """So many scenes as ``training/{image_2,instance,semantic,semantic_rgb}`` and ``testing/image_2``.

    ``truth/testing`` holds the test scenes once more with their masks, itself in KITTI's layout.
    """
    for number in range(training):
        _write(folder / "training", number, road_scene(number, seed), masks=True)
    for number in range(testing):
        scene = road_scene(FIRST_TEST_SCENE + number, seed)
        _write(folder / "testing", number, scene, masks=False)
        _write(folder / "truth" / "testing", number, scene, masks=True)


def road_scene(index: int, seed: int) -> Scene:
    """One scene of 1242 x 375 px; the same numbers give the same pixels."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(index,)))
    camera = Camera(horizon=float(rng.uniform(148, 182)), center=float(rng.uniform(520, 720)))
    sunny = rng.random() < 0.55
    sky: Rgb = (150, 186, 226) if sunny else scaled((0.97, 0.99, 1.0), float(rng.uniform(188, 222)))
    light = Light(
        sun=int(rng.choice((-1, 1))),
        contrast=float(rng.uniform(0.18, 0.38) if sunny else rng.uniform(0.03, 0.1)),
        haze_rgb=scaled(sky, 0.92),
        haze_distance=float(rng.uniform(130, 420)),
    )
    half = float(rng.uniform(3.6, 5.2))
    street = Street(
        left=-half - float(rng.uniform(0.0, 1.5)),
        right=half,
        sidewalk=float(rng.uniform(1.4, 2.8)),
        bend=float(rng.uniform(-0.0012, 0.0012)),
        asphalt=float(rng.uniform(88, 132)),
    )
    canvas = Canvas(camera, light, rng)
    paint_sky(canvas, sky)
    paint_ground(canvas, street)
    _draw_far_to_near(canvas, _houses(street, rng))
    _draw_far_to_near(canvas, [*_greenery(street, rng), *_furniture(street, rng), *_traffic(street, rng)])
    return Scene(_expose(canvas.image_hwc, rng), canvas.instance_hw)


def _draw_far_to_near(canvas: Canvas, things: list[Thing]) -> None:
    for _, draw in sorted(things, key=lambda thing: -thing[0]):
        draw(canvas)


def _houses(street: Street, rng: np.random.Generator) -> list[Thing]:
    """Rows of houses on both sides, with gaps; they stand behind everything else of the street."""
    things: list[Thing] = []
    for side, edge in ((-1, street.left), (1, street.right)):
        near, density = float(rng.uniform(4, 14)), float(rng.uniform(0.3, 0.95))
        while near < 110:
            far = near + float(rng.uniform(9, 24))
            x = edge + side * (street.sidewalk + float(rng.uniform(1.0, 5.0))) + float(street.drift(near))
            if rng.random() < density and side * x > 0:
                things.append((near, partial(surroundings.draw_building, side=side, x=x, near=near, far=far)))
            near = far + float(rng.uniform(0, 6))
    return things


def _greenery(street: Street, rng: np.random.Generator) -> list[Thing]:
    things: list[Thing] = []
    for side, edge in ((-1, street.left), (1, street.right)):
        outer = edge + side * (street.sidewalk + 0.5)
        for z in rng.uniform(9, 110, int(rng.integers(2, 16))).tolist():
            draw = surroundings.draw_tree if rng.random() < 0.6 else surroundings.draw_bush
            x = outer + side * float(rng.uniform(0, 3)) + float(street.drift(z))
            things.append((z, partial(draw, x=x, z=z)))
        if rng.random() < 0.5:
            near = float(rng.uniform(6, 40))
            x, far = outer + float(street.drift(near)), near + float(rng.uniform(8, 30))
            things.append((far, partial(surroundings.draw_fence, x=x, near=near, far=far)))
    return things


def _furniture(street: Street, rng: np.random.Generator) -> list[Thing]:
    """Poles, boxes and people on the sidewalks."""
    things: list[Thing] = []
    people = 0
    for side, edge in ((-1, street.left), (1, street.right)):
        for z in rng.uniform(8, 80, int(rng.integers(2, 8))).tolist():
            x = edge + side * 0.4 + float(street.drift(z))
            height = float(rng.choice((2.4, 2.9, 3.3, 6.5)))
            things.append((z, partial(surroundings.draw_pole, x=x, z=z, height=height)))
        for z in rng.uniform(8, 60, int(rng.integers(0, 4))).tolist():
            x = edge + side * float(rng.uniform(0.9, street.sidewalk + 0.8)) + float(street.drift(z))
            things.append((z, partial(surroundings.draw_box, x=x, z=z)))
        for z in rng.uniform(8, 45, int(rng.integers(0, 4))).tolist():
            people += 1
            x = edge + side * float(rng.uniform(0.5, street.sidewalk)) + float(street.drift(z))
            value = CLASS_IDS["person"] * 256 + people
            things.append((z, partial(surroundings.draw_person, x=x, z=z, value=value)))
    return things


def _traffic(street: Street, rng: np.random.Generator) -> list[Thing]:
    """Parked rows, cars in both lanes, and now and then one across the road."""
    poses: list[Pose] = []
    middle = (street.left + street.right) / 2
    for side, edge in ((-1, street.left), (1, street.right)):
        z, density = float(rng.uniform(6.5, 16)), float(rng.uniform(0.1, 0.8))
        while z < 110:
            if rng.random() < density * (1 if z < _CARS_AHEAD else 0.5):
                heading = float(rng.normal(0, 0.05)) + (np.pi if (side < 0) != (rng.random() < 0.15) else 0)
                poses.append(Pose(x=edge - side * 1.05 + float(street.drift(z)), z=z, heading=heading))
            z += float(rng.uniform(6.0, 9.5))
    for side, lane in ((-1, (street.left + middle) / 2 + 0.6), (1, (street.right + middle) / 2 - 0.6)):
        z = float(rng.uniform(10, 45))
        while z < 120 and rng.random() < 0.75:
            poses.append(Pose(x=lane + float(street.drift(z)), z=z, heading=np.pi if side < 0 else 0.0))
            z += float(rng.uniform(10, 45))
    if rng.random() < 0.35:
        heading = float(rng.choice((-1, 1)) * np.pi / 2 + rng.normal(0, 0.15))
        poses.append(Pose(x=float(rng.uniform(-6, 6)), z=float(rng.uniform(14, 50)), heading=heading))
    return _vehicles(poses, rng)


def _vehicles(poses: list[Pose], rng: np.random.Generator) -> list[Thing]:
    """A vehicle for each pose that is not taken yet; numbers count up within a class."""
    things: list[Thing] = []
    taken: list[tuple[float, float, float]] = []
    numbers: dict[str, int] = {}
    for pose in poses:
        model = random_model(rng)
        reach = model.length / 2
        crowded = any(abs(pose.x - x) < 2.1 and abs(pose.z - z) < reach + other + 0.4 for x, z, other in taken)
        if crowded or pose.z - reach < (5 if model.class_name == "car" else _NEAREST_LARGE):
            continue
        taken.append((pose.x, pose.z, reach))
        numbers[model.class_name] = numbers.get(model.class_name, 0) + 1
        value = CLASS_IDS[model.class_name] * 256 + numbers[model.class_name]
        things.append((pose.z, partial(draw_vehicle, model=model, pose=pose, value=value)))
    return things


def _expose(image_hwc: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The picture as a camera takes it: softened, exposed by chance, darker at its corners, with sensor noise."""
    pixels = cv2.GaussianBlur(image_hwc, (0, 0), float(rng.uniform(0.5, 0.8))).astype(np.float32) / 255
    column, row = np.linspace(-1, 1, WIDTH, dtype=np.float32), np.linspace(-1, 1, HEIGHT, dtype=np.float32)[:, None]
    vignette_hw = 1 - np.float32(rng.uniform(0.05, 0.25)) * (column**2 + row**2) / 2
    gain = rng.uniform(0.95, 1.3) * (1 + rng.uniform(-0.05, 0.05, 3))
    pixels = (pixels * vignette_hw[:, :, None] * gain.astype(np.float32)) ** np.float32(rng.uniform(0.75, 1.15))
    pixels += rng.standard_normal(pixels.shape, np.float32) * np.float32(rng.uniform(0.008, 0.022))
    return np.clip(pixels * 255 + 0.5, 0, 255).astype(np.uint8)


def _write(split: Path, number: int, scene: Scene, *, masks: bool) -> None:
    files = {"image_2": scene.image_hwc}
    if masks:
        semantic_hw = (scene.instance_hw >> 8).astype(np.uint8)
        table = np.array([entry.rgb for entry in CLASSES], np.uint8)
        files |= {"instance": scene.instance_hw, "semantic": semantic_hw, "semantic_rgb": table[semantic_hw]}
    for name, pixels in files.items():
        (split / name).mkdir(parents=True, exist_ok=True)
        (split / name / f"{number:06d}_10.png").write_bytes(encode(pixels, ".png"))
