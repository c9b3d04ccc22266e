"""Any folder of pictures."""

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from kittiseg.errors import DataError, WorkspaceError
from kittiseg.formats import FORMATS, Source
from kittiseg.formats.images import decoded_size
from kittiseg.project import pixels
from kittiseg.project.geometry import Size
from kittiseg.project.store import Workspace
from tests.data.kitti_folders import imported, png, write, zipped
from tests.data.projects import picture

IMAGES = FORMATS["images"]


def test_each_folder_is_a_data_set(tmp_path: Path) -> None:
    """Pictures at the top are in ``ds``, those of a/b in a__b; other files are left out."""
    for path in ("x.png", "a/x.JPG", "a/b/x.tif", "a/notes.txt"):
        write(tmp_path, path, png())
    (plan,) = IMAGES.plan(Source.at(tmp_path), "P")
    assert [(task.dataset, task.file_name) for task in plan.tasks] == [
        ("a__b", "x.tif"),
        ("a", "x.JPG"),
        ("ds", "x.png"),
    ]
    assert (plan.name, plan.meta.classes, plan.problems) == ("P", (), ())


def test_pictures_are_copied_with_an_empty_annotation(tmp_path: Path, workspace: Workspace) -> None:
    """From a zip as well."""
    write(tmp_path / "d", "a.png", png(Size(height=3, width=5)))
    project = imported(IMAGES, zipped(tmp_path / "d"), workspace)
    (key,) = project.keys()
    assert project.picture_bytes(key) == (tmp_path / "d/a.png").read_bytes()
    assert project.annotation(key).image == Size(height=3, width=5)
    assert project.annotation(key).figures == ()


def test_the_size_is_that_of_the_turned_picture(tmp_path: Path, workspace: Workspace) -> None:
    """A JPEG with an EXIF quarter turn keeps its bytes; its annotation has the size that reading gives."""
    jpeg = pixels.encode(picture(Size(height=4, width=9)), ".jpg")
    quarter_turn = struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, 6, 0, 0)  # one entry: the orientation, a short, is 6
    exif = b"Exif\x00\x00MM\x00*\x00\x00\x00\x08" + quarter_turn
    turned = jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:]
    assert cv2.imdecode(np.frombuffer(turned, np.uint8), cv2.IMREAD_COLOR_RGB).shape == (9, 4, 3)
    write(tmp_path / "d", "a.jpg", turned)
    project = imported(IMAGES, tmp_path / "d", workspace)
    (key,) = project.keys()
    assert project.picture_bytes(key) == turned
    assert project.item(key).image.pixels().shape == (9, 4, 3)


def test_pictures_that_would_get_one_place_are_problems(tmp_path: Path) -> None:
    """Both are named and neither is imported; the rest is."""
    for path in ("a/b/x.png", "a__b/x.png", "a/b/y.png"):
        write(tmp_path, path, png())
    (plan,) = IMAGES.plan(Source.at(tmp_path), "P")
    assert [task.picture for task in plan.tasks] == ["a/b/y.png"]
    assert [problem.split(":")[0] for problem in plan.problems] == ["a/b/x.png", "a__b/x.png"]


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    """The error lists what counts as a picture."""
    write(tmp_path, "a.txt", b"")
    with pytest.raises(DataError, match=r"no pictures in it; wanted files ending in \.png"):
        IMAGES.plan(Source.at(tmp_path), "P")


def test_a_folder_whose_name_no_data_set_can_have_is_refused(tmp_path: Path) -> None:
    """Before any picture is read."""
    write(tmp_path, "a:b/x.png", png())
    with pytest.raises(WorkspaceError, match="cannot be the name of a data set"):
        IMAGES.plan(Source.at(tmp_path), "P")


def test_a_damaged_picture_is_named() -> None:
    """A file that ends too early is not taken for a picture."""
    with pytest.raises(DataError, match=r"a\.png: damaged: the file ends too early"):
        decoded_size(png()[:40], name="a.png")
