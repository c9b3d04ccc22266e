"""Drawn scenes: the same for the same seed, complete, and readable as KITTI."""

from pathlib import Path

import numpy as np
import pytest

from kittiseg.formats import FORMATS, Source
from kittiseg.formats.kitti import CLASS_IDS
from kittiseg.formats.road_scenes import FIRST_TEST_SCENE, Scene, road_scene, write_road_scenes
from kittiseg.project.pixels import decode_labels, decode_rgb
from tests.data.kitti_folders import convert_all


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [road_scene(index, seed=0) for index in range(4)]


def test_a_scene_has_the_size_and_types_of_a_kitti_frame(scenes: list[Scene]) -> None:
    """1242 x 375, RGB of 8 bits, instances of 16."""
    assert (scenes[0].image_hwc.shape, scenes[0].image_hwc.dtype) == ((375, 1242, 3), np.uint8)
    assert (scenes[0].instance_hw.shape, scenes[0].instance_hw.dtype) == ((375, 1242), np.uint16)


def test_a_scene_follows_from_seed_and_number_alone(scenes: list[Scene]) -> None:
    """Made again, by itself, it is the same; another seed or number makes another."""
    again = road_scene(2, seed=0)
    np.testing.assert_array_equal(again.image_hwc, scenes[2].image_hwc)
    np.testing.assert_array_equal(again.instance_hw, scenes[2].instance_hw)
    assert not np.array_equal(road_scene(2, seed=1).instance_hw, again.instance_hw)
    assert not np.array_equal(scenes[1].instance_hw, again.instance_hw)


def test_every_pixel_is_labelled(scenes: list[Scene]) -> None:
    """Nothing unlabeled, no id outside of the table, numbers only where KITTI counts instances."""
    for scene in scenes:
        values = np.unique(scene.instance_hw)
        assert values.min() >= 256
        assert (values >> 8).max() <= 33
        assert set((values[values % 256 > 0] >> 8).tolist()) <= {
            CLASS_IDS[n] for n in ("person", "car", "truck", "bus")
        }


def test_cars_come_in_all_sizes_and_not_only_cars(scenes: list[Scene]) -> None:
    """Narrower than 12 px and wider than 120 px, among roads, houses and boxes."""
    widths, classes = [], set()
    for scene in scenes:
        classes |= set(np.unique(scene.instance_hw >> 8).tolist())
        for value in np.unique(scene.instance_hw[scene.instance_hw >> 8 == CLASS_IDS["car"]]):
            columns = np.flatnonzero((scene.instance_hw == value).any(axis=0))
            widths.append(int(columns[-1] - columns[0] + 1))
    assert min(widths) < 12
    assert max(widths) > 120
    assert classes >= {CLASS_IDS[name] for name in ("road", "building", "vegetation", "sky", "static", "pole", "car")}


def test_written_scenes_read_as_kitti(tmp_path: Path) -> None:
    """Test pictures without masks; the truth beside them has the same pictures with objects."""
    write_road_scenes(tmp_path, training=1, testing=1, seed=5)
    source = Source.at(tmp_path)
    training, testing = FORMATS["kitti"].plan(source, "K")
    truth_source = Source.at(tmp_path / "truth")
    (truth,) = FORMATS["kitti"].plan(truth_source, "T")

    shown = convert_all(FORMATS["kitti"], source, testing)["testing/000000_10.png"]
    known = convert_all(FORMATS["kitti"], truth_source, truth)["testing/000000_10.png"]

    assert (len(training.tasks), training.problems, training.notices) == (1, (), ())
    assert shown.picture == known.picture
    assert shown.annotation.figures == ()
    assert (
        known.annotation.to_label_map(CLASS_IDS).astype(int).tolist()
        == (road_scene(FIRST_TEST_SCENE, seed=5).instance_hw >> 8).astype(int).tolist()
    )


def test_written_masks_agree_with_one_another(tmp_path: Path) -> None:
    """semantic is instance >> 8; the picture is stored without loss."""
    write_road_scenes(tmp_path, training=1, testing=0, seed=0)
    files = {
        name: (tmp_path / "training" / name / "000000_10.png").read_bytes()
        for name in ("image_2", "instance", "semantic", "semantic_rgb")
    }
    scene = road_scene(0, seed=0)
    instance_hw = decode_labels(files["instance"], name="instance")
    np.testing.assert_array_equal(instance_hw, scene.instance_hw)
    np.testing.assert_array_equal(decode_labels(files["semantic"], name="semantic"), instance_hw >> 8)
    np.testing.assert_array_equal(decode_rgb(files["image_2"], name="image"), scene.image_hwc)
    car_hw = instance_hw >> 8 == CLASS_IDS["car"]
    assert (decode_rgb(files["semantic_rgb"], name="rgb")[car_hw] == (0, 0, 142)).all()
