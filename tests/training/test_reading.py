from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from kittiseg.errors import DataError
from kittiseg.project.geometry import Size
from kittiseg.project.store import Project, Workspace
from kittiseg.training.classes import ClassIndex
from kittiseg.training.config import InputSize
from kittiseg.training.reading import SampleReader, resize_pair
from kittiseg.training.samples import Samples
from kittiseg.training.sources import ProjectSource
from tests.data.projects import annotation_of, meta_of, picture, square, write_project
from tests.data.training import pixels_of, tiny_config, write_squares

META = meta_of({"car": "bitmap", "neutral": "bitmap"})


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.at(tmp_path)


def read(project: Project, **fields: Any) -> dict[str, Samples]:
    config = tiny_config(**fields)
    classes = ClassIndex.of(project.meta, config.special_classes)
    return SampleReader(ProjectSource(project), config, classes).read()


def damage(project: Project, *names: str) -> None:
    for name in names:
        project.files.write(f"ds/img/{name}", b"no picture")


def test_pictures_come_by_their_tags(workspace: Workspace) -> None:
    """In the project's order, resized to the network's input, whatever the aspect."""
    samples = read(write_squares(workspace, train=3, val=1), input_size={"width": 48, "height": 32})

    assert samples["train"].index.names == ("squares/ds/000.png", "squares/ds/001.png", "squares/ds/002.png")
    assert samples["val"].index.names == ("squares/ds/003.png",)
    assert pixels_of(samples["train"]).shape == (3, 32, 48, 4)
    assert pixels_of(samples["train"]).dtype == np.uint8
    assert samples["train"].index.sizes_n2.tolist() == [[36, 40]] * 3


def test_threads_change_nothing(workspace: Workspace) -> None:
    """Three threads read what none does, and OpenCV's own threads are as before."""
    project, before = write_squares(workspace), cv2.getNumThreads()

    alone, threaded = read(project), read(project, data_workers={"train": 3, "val": 2})

    for split in ("train", "val"):
        assert np.array_equal(pixels_of(alone[split]), pixels_of(threaded[split]))
    assert cv2.getNumThreads() == before


def test_every_picture_is_taken_by_all(workspace: Workspace) -> None:
    """``__all__`` asks for no tag; a picture may be in both splits."""
    samples = read(write_squares(workspace, train=3, val=1), dataset_tags={"train": "__all__", "val": "val"})

    assert len(samples["train"]) == 4
    assert len(samples["val"]) == 1


def test_labels_are_drawn_at_full_size_and_then_resized() -> None:
    """Every pixel is that of the full map under its centre; the picture is OpenCV's bilinear."""
    image_hwc, labels_hw = picture(Size(height=37, width=51)), picture(Size(height=37, width=51), seed=1)[:, :, 0]

    small_hw4 = resize_pair(image_hwc, labels_hw, InputSize(width=48, height=16))

    rows = np.floor((np.arange(16) + 0.5) * 37 / 16).astype(int)
    columns = np.floor((np.arange(48) + 0.5) * 51 / 48).astype(int)
    assert np.array_equal(small_hw4[..., 3], labels_hw[rows[:, None], columns])
    assert np.array_equal(small_hw4[..., :3], cv2.resize(image_hwc, (48, 16), interpolation=cv2.INTER_LINEAR))


def test_neutral_pixels_are_255_and_do_not_count(workspace: Workspace) -> None:
    """A neutral square of 4 x 4 px over a car of 8 x 8 px on 32 x 32."""
    size = Size(height=32, width=32)
    figures = {"car": square(top=2, left=2, side=8), "neutral": square(top=4, left=4, side=4)}
    annotation = annotation_of(figures, size=size, tags=("train", "val"))
    project = write_project(workspace, "p", {"ds/a.png": annotation}, meta=META)

    samples = read(project)["train"]

    assert np.bincount(pixels_of(samples)[..., 3].ravel()).nonzero()[0].tolist() == [0, 1, 255]
    assert samples.index.pixels_n.tolist() == [32 * 32 - 16]
    assert samples.index.counts_nc.tolist() == [[32 * 32 - 64, 48]]


def test_pictures_that_cannot_be_read_are_all_named(workspace: Workspace) -> None:
    """A damaged picture and a damaged annotation, in one error."""
    project = write_squares(workspace)
    damage(project, "001.png", "003.png")
    project.files.write("ds/ann/004.png.json", b"{")

    with pytest.raises(DataError) as caught:
        read(project, allow_corrupted_samples={"train": 2})

    assert "3 pictures of project 'squares' cannot be read and 2 are allowed" in str(caught.value)
    assert "raise /allow_corrupted_samples/train" in str(caught.value)
    assert all(name in str(caught.value) for name in ("001.png", "003.png", "004.png.json"))


def test_pictures_that_cannot_be_read_may_be_left_out(workspace: Workspace) -> None:
    """As many as the config allows; what is left keeps its order, and the reasons are kept."""
    project = write_squares(workspace)
    whole = read(project)["train"]
    damage(project, "001.png", "003.png")

    samples = read(project, allow_corrupted_samples={"train": 2})["train"]

    kept = [0, 2, 4, 5]
    assert samples.index.names == tuple(whole.index.names[place] for place in kept)
    assert np.array_equal(pixels_of(samples), pixels_of(whole)[kept])
    assert np.array_equal(samples.index.counts_nc, whole.index.counts_nc[kept])
    assert [text.split(":")[0] for text in samples.index.left_out] == ["squares/ds/001.png", "squares/ds/003.png"]


def test_a_tag_that_no_picture_has_is_an_error(workspace: Workspace) -> None:
    """With the place in the config, the nearest tag there is, and the way to take all."""
    project = write_squares(workspace)

    with pytest.raises(DataError, match=r"tag 'vall' \(/dataset_tags/val\); did you mean 'val'\?.*'__all__'"):
        read(project, dataset_tags={"val": "vall"})


def test_nothing_readable_is_an_error(workspace: Workspace) -> None:
    """Where every picture of a split is damaged, allowed or not."""
    project = write_squares(workspace, train=1)
    damage(project, "000.png")

    with pytest.raises(DataError, match="no readable picture"):
        read(project, allow_corrupted_samples={"train": 5})


def test_a_split_without_objects_is_an_error(workspace: Workspace) -> None:
    """Neutral areas are no objects."""
    figures = {"neutral": square(top=0, left=0, side=3)}
    pictures = {
        "ds/a.png": annotation_of({"car": square(top=0, left=0, side=3)}, tags=("train",)),
        "ds/b.png": annotation_of(figures, tags=("val",)),
    }
    project = write_project(workspace, "p", pictures, meta=META)

    with pytest.raises(DataError, match=r"tag 'val' have no object of car; .*/dataset_tags/val"):
        read(project)
