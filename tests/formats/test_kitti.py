"""The KITTI layout: which projects, which objects, and what is refused."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from kittiseg.errors import DataError
from kittiseg.formats import FORMATS, Source
from kittiseg.formats.kitti import CLASSES, figures_of
from kittiseg.project.geometry import Size
from kittiseg.project.store import Workspace
from tests.data.kitti_folders import convert_all, imported, instance_map, masks_of, png, write, write_frame, zipped
from tests.data.projects import SMALL

KITTI = FORMATS["kitti"]


@pytest.fixture
def both(tmp_path: Path) -> Path:
    """A folder with a labelled training frame and a bare test frame."""
    write_frame(tmp_path / "kitti/training", instance=instance_map())
    write_frame(tmp_path / "kitti/testing")
    return tmp_path / "kitti"


def test_training_and_testing_become_two_projects(both: Path) -> None:
    """Their names end in train and test; the data sets keep the folders' names."""
    plans = KITTI.plan(Source.at(both), "K")
    assert [(plan.name, [task.dataset for task in plan.tasks]) for plan in plans] == [
        ("K-train", ["training"]),
        ("K-test", ["testing"]),
    ]


def test_one_split_keeps_the_name(both: Path) -> None:
    """Whether the source is the split or holds it."""
    (inner,) = KITTI.plan(Source.at(both / "training"), "K")
    (tmp := both / "only").mkdir()
    (both / "testing").rename(tmp / "testing")
    (outer,) = KITTI.plan(Source.at(tmp), "K")
    assert (inner.name, inner.tasks[0].dataset) == ("K", "training")
    assert (outer.name, outer.tasks[0].dataset) == ("K", "testing")


@pytest.mark.parametrize("inside", ["", "data_semantics/"])
def test_the_official_zip_reads_as_the_folder_does(both: Path, inside: str) -> None:
    """With and without a folder around the splits."""
    folder, archive = Source.at(both), Source.at(zipped(both, inside=inside))
    for planned, packed in zip(KITTI.plan(folder, "K"), KITTI.plan(archive, "K"), strict=True):
        assert convert_all(KITTI, folder, planned) == convert_all(KITTI, archive, packed)


def test_every_distinct_instance_value_is_an_object(both: Path) -> None:
    """Ascending by value, each mask the value's pixels, trimmed to its box; 0 is none."""
    source = Source.at(both)
    plan = KITTI.plan(source, "K")[0]
    annotation = KITTI.convert(source, plan.tasks[0], plan.meta).annotation

    masks = masks_of(annotation)

    assert [name for name, _ in masks] == ["road", "car", "car"]
    for (_, mask_hw), value in zip(masks, (7 * 256, 26 * 256 + 1, 26 * 256 + 2), strict=True):
        np.testing.assert_array_equal(mask_hw, instance_map() == value)
    assert annotation.figures[1].shape.window.size == Size(height=2, width=2)


def test_objects_equal_a_scan_per_value() -> None:
    """The one-pass boxes agree with looking for each value in the whole map."""
    rng = np.random.default_rng(3)
    labels_hw = (rng.integers(0, 34, (40, 50)) * 256 + rng.integers(0, 9, (40, 50))).astype(np.uint16)
    values = [value for value in np.unique(labels_hw).tolist() if value >= 256]

    figures = figures_of(labels_hw, ids_per_class=256)

    assert len(figures) == len(values) > 255
    for figure, value in zip(figures, values, strict=True):
        rows, columns = np.nonzero(labels_hw == value)
        window = figure.shape.window
        assert (window.top, window.left, window.bottom - 1, window.right - 1) == (
            rows.min(),
            columns.min(),
            rows.max(),
            columns.max(),
        )
        np.testing.assert_array_equal(figure.shape.mask_hw, (labels_hw == value)[window.slices])
        assert figure.class_name == CLASSES[value >> 8].name


def test_all_34_classes_enter_the_meta(both: Path) -> None:
    """Seen or not: a query may name any of them."""
    for plan in KITTI.plan(Source.at(both), "K"):
        assert len(plan.meta.classes) == 34
        assert plan.meta.shapes["trailer"] == "bitmap"
        assert plan.meta.colors["bus"] == (0, 60, 100)
        assert plan.meta.tags == ()


def test_pictures_are_copied_byte_for_byte(both: Path, workspace: Workspace) -> None:
    """The file in the project is the file of the source."""
    project = imported(KITTI, both / "training", workspace)
    (key,) = project.keys()
    assert project.picture_bytes(key) == (both / "training/image_2/000000_10.png").read_bytes()


def test_semantic_alone_gives_one_object_per_class(both: Path) -> None:
    """And a notice that says how many frames; where both are there, instance counts."""
    semantic_hw = (instance_map() >> 8).astype(np.uint8)
    write_frame(both / "training", 0, instance=instance_map(), semantic=semantic_hw)
    write_frame(both / "training", 1, semantic=semantic_hw)
    source = Source.at(both)
    plan = KITTI.plan(source, "K")[0]

    made = convert_all(KITTI, source, plan)

    assert [len(found.annotation.figures) for found in made.values()] == [3, 2]
    masks = dict(masks_of(made["training/000001_10.png"].annotation))
    np.testing.assert_array_equal(masks["car"], semantic_hw == 26)
    assert plan.notices == ("training: 1 frame of 2 with 'semantic' alone: one object per class",)


def test_a_frame_without_masks_is_a_picture_without_objects(both: Path) -> None:
    """In training that deserves a notice, in testing it is how it should be."""
    write_frame(both / "training", 1)
    source = Source.at(both)
    training, testing = KITTI.plan(source, "K")
    assert training.notices == ("training: 1 frame of 2 without masks: pictures without objects",)
    assert testing.notices == ()
    annotation = KITTI.convert(source, testing.tasks[0], testing.meta).annotation
    assert (annotation.image, annotation.figures) == (SMALL, ())


@pytest.mark.parametrize(
    ("folder", "labels_hw", "message"),
    [
        ("instance", np.zeros((5, 8), np.uint16), r"instance/000000_10\.png: is 8 x 5 px but its picture 8 x 6"),
        ("instance", np.zeros((6, 8), np.uint8), r"instance/000000_10\.png: has 8 bits per pixel; wanted 16"),
        ("semantic", np.zeros((6, 8), np.uint16), r"semantic/000000_10\.png: has 16 bits per pixel; wanted 8"),
        ("instance", np.full((6, 8), 34 * 256, np.uint16), r"instance/000000_10\.png: has the class id 34"),
        ("semantic", np.full((6, 8), 255, np.uint8), r"semantic/000000_10\.png: has the class id 255"),
        ("semantic", np.zeros((6, 8, 3), np.uint8), r"semantic/000000_10\.png: has 3 channels"),
        ("instance", b"not a png", r"instance/000000_10\.png: "),
        ("image_2", b"", r"image_2/000000_10\.png: "),
        ("image_2", png()[:-30], r"image_2/000000_10\.png: "),
    ],
)
def test_a_file_that_does_not_fit_is_named(
    tmp_path: Path, folder: str, labels_hw: np.ndarray | bytes, message: str
) -> None:
    """With what was wanted."""
    write_frame(tmp_path / "training")
    write(tmp_path / "training", f"{folder}/000000_10.png", labels_hw)
    source = Source.at(tmp_path)
    (plan,) = KITTI.plan(source, "K")
    with pytest.raises(DataError, match=message):
        KITTI.convert(source, plan.tasks[0], plan.meta)


def test_a_mask_without_its_picture_is_a_problem(both: Path) -> None:
    """Its name alone shows it."""
    write(both / "training", "instance/000007_10.png", instance_map())
    (problem,) = KITTI.plan(Source.at(both), "K")[0].problems
    assert problem.startswith("training/instance/000007_10.png: a mask without its picture")


def test_a_folder_in_another_layout_is_refused(tmp_path: Path) -> None:
    """The error says which one is wanted."""
    write(tmp_path, "pictures/a.png", png())
    with pytest.raises(DataError, match=r"wanted the folder that data_semantics\.zip unpacks to"):
        KITTI.plan(Source.at(tmp_path), "K")


def test_two_kitti_folders_in_one_are_refused(tmp_path: Path) -> None:
    """Which one is meant is not ours to guess."""
    write_frame(tmp_path / "old/training")
    write_frame(tmp_path / "new/training")
    with pytest.raises(DataError, match=r"several KITTI folders in it \(new, old\)"):
        KITTI.plan(Source.at(tmp_path), "K")


def test_tasks_travel_to_workers(both: Path) -> None:
    """Format, source, task and result survive pickling."""
    source = Source.at(both)
    plan = KITTI.plan(source, "K")[0]
    reader, there, task, meta = pickle.loads(pickle.dumps((KITTI, source, plan.tasks[0], plan.meta)))
    assert pickle.loads(pickle.dumps(reader.convert(there, task, meta))) == KITTI.convert(
        source, plan.tasks[0], plan.meta
    )


def test_real_frames_come_back_pixel_for_pixel(shared_data: Path, workspace: Workspace) -> None:
    """Of five official frames the label map of the stored objects equals instance >> 8."""
    from kittiseg.project.pixels import decode_labels

    training = shared_data / "kitti/training"
    source = Source.at(training)
    (plan,) = KITTI.plan(source, "K")
    assert len(plan.tasks) == 36
    assert plan.notices == ("training: 31 frames of 36 with 'semantic' alone: one object per class",)
    indices = {entry.name: number for number, entry in enumerate(CLASSES)}
    for task in plan.tasks[:5]:
        labels_hw = KITTI.convert(source, task, plan.meta).annotation.to_label_map(indices)
        instance_hw = decode_labels(source.read(task.beside["instance"]), name="instance")
        np.testing.assert_array_equal(labels_hw, instance_hw >> 8)
