"""Perspective and paint."""

import numpy as np
import pytest

from kittiseg.formats.road_scenes.canvas import HEIGHT, WIDTH, Camera, Canvas, Light, grain_tile


@pytest.fixture
def canvas() -> Canvas:
    light = Light(sun=1, contrast=0.3, haze_rgb=(200, 200, 200), haze_distance=300)
    return Canvas(Camera(horizon=170, center=600), light, np.random.default_rng(0))


def wall(*, z: float, left: float = -1, right: float = 1, high: float = 2) -> np.ndarray:
    return np.array([(left, 0, z), (left, high, z), (right, high, z), (right, 0, z)], float)


def test_twice_as_far_is_half_as_large() -> None:
    """Widths in px go with 1 / z."""
    camera = Camera(horizon=170, center=600)
    near, far = camera.project(wall(z=10)), camera.project(wall(z=20))
    assert np.ptp(near[:, 0]) == pytest.approx(2 * np.ptp(far[:, 0])) == pytest.approx(2 * 720 / 10)


def test_the_ground_ends_at_the_horizon() -> None:
    """Far points of the road come near the vanishing point from below."""
    camera = Camera(horizon=170, center=600)
    column, row = camera.project(np.array([(3.0, 0.0, 1e6)]))[0]
    assert (column, row) == pytest.approx((600, 170), abs=0.1)


def test_a_stroke_labels_what_it_colours(canvas: Canvas) -> None:
    """The same pixels change in the picture and in the masks."""
    canvas.quad(wall(z=10), (200, 10, 10), value=26 * 256 + 1)
    np.testing.assert_array_equal(canvas.instance_hw == 26 * 256 + 1, canvas.image_hwc[:, :, 0] == 200)
    assert 0 < np.count_nonzero(canvas.instance_hw) < HEIGHT * WIDTH


def test_decoration_leaves_the_masks(canvas: Canvas) -> None:
    """A stroke without a value only colours."""
    canvas.quad(wall(z=10), (200, 10, 10))
    assert canvas.image_hwc.any()
    assert not canvas.instance_hw.any()


@pytest.mark.parametrize("left", [-400.0, -13.0, 9.0, 400.0])
def test_strokes_may_leave_the_picture(canvas: Canvas, left: float) -> None:
    """Partly or wholly, on either side."""
    canvas.quad(wall(z=10, left=left, right=left + 6, high=30), (9, 9, 9), value=5, grain=0.1)
    canvas.darken(wall(z=10, left=left, right=left + 6, high=30), 0.5)
    assert set(np.unique(canvas.instance_hw)) <= {0, 5}


def test_shadows_darken_and_label_nothing(canvas: Canvas) -> None:
    """To the given share of the brightness."""
    canvas.image_hwc[:] = 200
    canvas.darken(wall(z=8), 0.5)
    assert 95 <= canvas.image_hwc.min() <= 105
    assert not canvas.instance_hw.any()


def test_far_things_fade_into_the_haze(canvas: Canvas) -> None:
    """At hand a colour is itself, far off it is the haze's."""
    assert canvas.light.on((10, 20, 30), z=0) == pytest.approx((10, 20, 30))
    assert canvas.light.on((10, 20, 30), z=1e5) == pytest.approx((200, 200, 200))


def test_faces_turned_to_the_sun_are_lighter(canvas: Canvas) -> None:
    """The sun stands on the right here."""
    assert canvas.light.on((100, 100, 100), z=0, facing=1) > canvas.light.on((100, 100, 100), z=0, facing=-1)


def test_grain_has_mean_0_and_deviation_1() -> None:
    """So that its strength is what a stroke asks for."""
    tile_hw = grain_tile(np.random.default_rng(0), 128, 128)
    assert tile_hw.mean() == pytest.approx(0, abs=1e-3)
    assert tile_hw.std() == pytest.approx(1, abs=1e-3)
