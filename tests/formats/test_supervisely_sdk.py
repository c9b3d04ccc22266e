"""What we write opens in today's Supervisely SDK, where that is installed."""

from pathlib import Path

import numpy as np
import pytest

from kittiseg.formats import FORMATS
from kittiseg.project.annotation import Figure, Tag
from kittiseg.project.meta import TagClass
from kittiseg.project.store import Workspace
from tests.data.kitti_folders import imported, instance_map, masks_of, write_frame
from tests.data.projects import annotation_of, meta_of, one_of_each, write_project

sly = pytest.importorskip("supervisely", reason="today's Supervisely SDK is not installed (pip install supervisely)")


def test_an_imported_kitti_project_opens_with_equal_masks(tmp_path: Path, workspace: Workspace) -> None:
    """Classes with colours, picture files, and each bitmap pixel for pixel."""
    write_frame(tmp_path / "training", 0, instance=instance_map())
    write_frame(tmp_path / "training", 1)
    ours = imported(FORMATS["kitti"], tmp_path, workspace)

    theirs = sly.Project(ours.files.root, sly.OpenMode.READ)

    assert {entry.name: tuple(entry.color) for entry in theirs.meta.obj_classes} == ours.meta.colors
    (dataset,) = list(theirs.datasets)
    assert dataset.name == "training"
    keys = ours.keys()
    assert sorted(dataset.get_items_names()) == [key.name for key in keys]
    for key in keys:
        annotation = sly.Annotation.load_json_file(dataset.get_ann_path(key.name), theirs.meta)
        expected = masks_of(ours.annotation(key))
        assert [label.obj_class.name for label in annotation.labels] == [name for name, _ in expected]
        for label, (_, mask_hw) in zip(annotation.labels, expected, strict=True):
            drawn_hw = np.zeros(mask_hw.shape, np.uint8)
            label.geometry.draw(drawn_hw, 1)
            np.testing.assert_array_equal(drawn_hw.astype(bool), mask_hw)


def test_tags_and_all_shapes_open(workspace: Workspace) -> None:
    """Tags on pictures and objects, with and without a value."""
    meta = meta_of({kind: kind for kind in one_of_each()}, tags=("train", "parked"))
    meta = type(meta)(meta.classes, (*meta.tags, TagClass("city", "any_string")))
    annotation = annotation_of(one_of_each(), tags=("train",))
    tagged = tuple(Figure(f.class_name, f.shape, (Tag("parked"),)) for f in annotation.figures)
    annotation = type(annotation)(annotation.image, tagged, (Tag("train"), Tag("city", "Karlsruhe")))
    ours = write_project(workspace, "P", {"ds/a.png": annotation}, meta=meta)

    theirs = sly.Project(ours.files.root, sly.OpenMode.READ)
    (dataset,) = list(theirs.datasets)
    opened = sly.Annotation.load_json_file(dataset.get_ann_path("a.png"), theirs.meta)

    assert [(tag.name, tag.value) for tag in opened.img_tags] == [("train", None), ("city", "Karlsruhe")]
    assert {label.geometry.geometry_name(): [tag.name for tag in label.tags] for label in opened.labels} == {
        "bitmap": ["parked"],
        "polygon": ["parked"],
        "rectangle": ["parked"],
        "line": ["parked"],
        "point": ["parked"],
    }
