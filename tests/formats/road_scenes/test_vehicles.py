"""Vehicles as seen from the road."""

import numpy as np
import pytest

from kittiseg.formats.road_scenes.canvas import Camera, Canvas, Light
from kittiseg.formats.road_scenes.models import random_model
from kittiseg.formats.road_scenes.vehicles import Pose, draw_vehicle

CAMERA = Camera(horizon=170, center=600)


def drawn(*, x: float, z: float, heading: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The picture and which pixels the vehicle has, of one vehicle alone."""
    light = Light(sun=1, contrast=0.0, haze_rgb=(0, 0, 0), haze_distance=1e9)
    canvas = Canvas(CAMERA, light, np.random.default_rng(0))
    draw_vehicle(canvas, random_model(np.random.default_rng(seed)), Pose(x=x, z=z, heading=heading), 9)
    return canvas.image_hwc, canvas.instance_hw == 9


@pytest.mark.parametrize("heading", [0.0, np.pi])
def test_a_vehicle_ahead_is_as_wide_as_its_distance_says(heading: float) -> None:
    """About 1.7 m at 20 m, minus half its length."""
    model = random_model(np.random.default_rng(0))
    _, mask_hw = drawn(x=0, z=20, heading=heading)
    columns = np.flatnonzero(mask_hw.any(axis=0))
    expected = 2 * model.half * CAMERA.focal / (20 - model.length / 2)
    assert columns[-1] - columns[0] + 1 == pytest.approx(expected, abs=3)


def test_a_vehicle_across_the_road_shows_its_length() -> None:
    """Turned by a quarter it is as wide as it is long."""
    model = random_model(np.random.default_rng(0))
    _, mask_hw = drawn(x=0, z=20, heading=np.pi / 2)
    columns = np.flatnonzero(mask_hw.any(axis=0))
    assert columns[-1] - columns[0] + 1 == pytest.approx(model.length * CAMERA.focal / (20 - model.half), rel=0.05)


def test_vehicles_stand_on_the_ground() -> None:
    """The tyres' lower edge is where the road is at the near end."""
    model = random_model(np.random.default_rng(0))
    _, mask_hw = drawn(x=0, z=20, heading=0)
    ground = CAMERA.horizon + CAMERA.focal * CAMERA.height / (20 - model.length / 2)
    assert np.flatnonzero(mask_hw.any(axis=1))[-1] == pytest.approx(ground, abs=8)


def test_the_rear_is_red_and_the_front_is_not() -> None:
    """Lamps tell which way a vehicle goes."""

    def red(heading: float) -> int:
        image_hwc, mask_hw = drawn(x=0, z=10, heading=heading, seed=1)
        lamps = image_hwc[mask_hw].astype(int)
        return int(((lamps[:, 0] > 120) & (lamps[:, 1] < 60)).sum())

    assert red(0.0) > 50 + red(np.pi)


def test_every_kind_of_vehicle_can_be_drawn() -> None:
    """Cars, vans, trucks and buses, from every side."""
    seen = set()
    for seed in range(60):
        model = random_model(np.random.default_rng(seed))
        if model.class_name not in seen:
            seen.add(model.class_name)
            for heading in np.arange(0, 2 * np.pi, np.pi / 4):
                _, mask_hw = drawn(x=3, z=20, heading=heading, seed=seed)
                assert np.count_nonzero(mask_hw) > 1000
    assert seen == {"car", "truck", "bus"}
