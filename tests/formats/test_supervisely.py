"""Projects of Supervisely, of 2018 and of today, come in and go out again."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kittiseg.errors import DataError
from kittiseg.formats import FORMATS, Source
from kittiseg.formats.supervisely import read_annotation
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.shapes import Bitmap
from kittiseg.project.store import Workspace
from tests.data.kitti_folders import convert_all, imported, png, write, zipped
from tests.data.projects import annotation_of, bitmap_of, meta_of, one_of_each, write_project

SUPERVISELY = FORMATS["supervisely"]
OLD_META = {
    "classes": [{"title": "car", "shape": "bitmap", "color": "#0000ff"}],
    "tags_images": ["day"],
    "tags_objects": ["parked"],
}


def old_object(rows: tuple[str, ...] = ("##", "##"), *, origin: tuple[float, float] = (2, 1)) -> dict[str, Any]:
    """A bitmap object as 2018 wrote it, with the empty points that it came with."""
    data = bitmap_of(*rows).to_json()["bitmap"]["data"]
    return {
        "classTitle": "car",
        "description": "",
        "tags": ["parked"],
        "type": "bitmap",
        "bitmap": {"origin": list(origin), "data": data},
        "points": {"exterior": [], "interior": []},
    }


def old_annotation(*objects: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"tags": ["day"], "description": "", "size": {"width": 8, "height": 6}, "objects": list(objects), **more}


def write_old(folder: Path, **annotations: dict[str, Any]) -> Path:
    """A project in the layout of 2018: ``ann/<stem>.json``."""
    write(folder, "meta.json", OLD_META)
    for stem, annotation in annotations.items():
        write(folder, f"ds/img/{stem}.png", png())
        write(folder, f"ds/ann/{stem}.json", annotation)
    return folder


def test_the_layout_of_2018_is_written_in_todays(tmp_path: Path, workspace: Workspace) -> None:
    """ann/<file name>.json, one list of tags, tags as objects."""
    project = imported(SUPERVISELY, write_old(tmp_path / "old", a=old_annotation(old_object())), workspace)

    written = project.files.read_json("ds/ann/a.png.json")

    assert project.files.read_json("meta.json")["tags"][0]["name"] == "day"
    assert written["tags"] == [{"name": "day"}]
    assert written["objects"][0]["tags"] == [{"name": "parked"}]
    assert written["objects"][0]["bitmap"]["origin"] == [2, 1]
    assert written["objects"][0]["geometryType"] == "bitmap"


def test_what_we_write_comes_back_equal(workspace: Workspace, tmp_path: Path) -> None:
    """Every shape, through a zip with a folder around it."""
    shapes = one_of_each()
    annotation = annotation_of(shapes, tags=("day",))
    meta = meta_of({kind: kind for kind in shapes}, tags=("day",))
    first = write_project(workspace, "first", {"training/a.png": annotation, "val/b.jpg": annotation}, meta=meta)
    archive = zipped(Path(first.files.root), inside="first/")

    second = imported(SUPERVISELY, archive, workspace, "second")

    assert second.meta == meta
    for old, new in zip(first.keys(), second.keys(), strict=True):
        assert (old.dataset, old.name) == (new.dataset, new.name)
        assert first.annotation(old) == second.annotation(new)
        assert first.picture_bytes(old) == second.picture_bytes(new)


def test_unknown_keys_survive(tmp_path: Path, workspace: Workspace) -> None:
    """Of the annotation, its objects, and the meta's classes."""
    folder = write_old(tmp_path / "old", a=old_annotation({**old_object(), "id": 7}, img_hash="abc"))
    meta = {**OLD_META, "classes": [{**OLD_META["classes"][0], "hotkey": "c"}]}  # type: ignore[dict-item]
    write(folder, "meta.json", meta)
    project = imported(SUPERVISELY, folder, workspace)
    written = project.files.read_json("ds/ann/a.png.json")
    assert (written["img_hash"], written["objects"][0]["id"]) == ("abc", 7)
    assert project.files.read_json("meta.json")["classes"][0]["hotkey"] == "c"


def test_bitmaps_are_rounded_clipped_and_trimmed() -> None:
    """What lies outside of the picture goes; an object of which nothing is left is counted."""
    document = old_annotation(
        old_object(("...", ".##", ".##"), origin=(4.6, 3.2)),
        old_object(origin=(20, 20)),
        old_object(("##",), origin=(-1, 0)),
    )
    annotation, notices = read_annotation(document, ProjectMeta.from_json(OLD_META))
    assert [figure.shape for figure in annotation.figures] == [
        Bitmap(top=4, left=6, mask_hw=np.ones((2, 2), bool)),
        Bitmap(top=0, left=0, mask_hw=np.ones((1, 1), bool)),
    ]
    assert notices == ["an object that is empty or lies outside of its picture"]


def test_vectors_are_clipped_but_polygons_stay() -> None:
    """As in 2018; a polygon of two points, which its tools wrote, is left out."""
    meta = meta_of({"sign": "rectangle", "house": "polygon"})
    objects = [
        {"classTitle": "sign", "points": {"exterior": [[-3, 1], [4, 20]], "interior": []}},
        {"classTitle": "house", "points": {"exterior": [[-3, 1], [4, 20], [0, 0]], "interior": []}},
        {"classTitle": "house", "points": {"exterior": [[1, 1], [2, 2]], "interior": []}},
    ]
    annotation, notices = read_annotation(old_annotation(*objects), meta)
    sign, house = annotation.figures
    assert sign.shape.to_json()["points"]["exterior"] == [[0, 1], [4, 6]]
    assert house.shape.to_json()["points"]["exterior"] == [[-3, 1], [4, 20], [0, 0]]
    assert notices == ["an object with too few points for its shape"]


def test_classes_json_of_the_oldest_projects(tmp_path: Path, workspace: Workspace) -> None:
    """A bare list of classes in place of meta.json; the tags on the pictures enter the meta."""
    folder = write_old(tmp_path / "old", a=old_annotation(old_object()))
    (folder / "meta.json").unlink()
    write(folder, "classes.json", OLD_META["classes"])
    project = imported(SUPERVISELY, folder, workspace)
    assert project.meta.shapes == {"car": "bitmap"}
    assert [tag.name for tag in project.meta.tags] == ["day", "parked"]


def test_the_full_file_name_goes_before_the_stem(tmp_path: Path) -> None:
    """a.png has its own a.png.json, so that a.json is left for a.jpg."""
    write(tmp_path, "meta.json", OLD_META)
    for path in ("img/a.png", "img/a.jpg"):
        write(tmp_path, f"ds/{path}", png())
    for path in ("ann/a.png.json", "ann/a.json"):
        write(tmp_path, f"ds/{path}", old_annotation())
    (plan,) = SUPERVISELY.plan(Source.at(tmp_path), "P")
    assert {task.file_name: task.beside["ann"] for task in plan.tasks} == {
        "a.png": "ds/ann/a.png.json",
        "a.jpg": "ds/ann/a.json",
    }
    assert plan.problems == ()


def test_files_without_a_partner_are_all_named(tmp_path: Path) -> None:
    """Pictures without annotation, annotations without picture, two pictures that share one."""
    write_old(tmp_path, good=old_annotation())
    for path in ("img/lonely.png", "img/twin.png", "img/twin.jpg", "img/film.mp4"):
        write(tmp_path, f"ds/{path}", png())
    for path in ("ann/twin.json", "ann/orphan.png.json", "ann/film.json"):
        write(tmp_path, f"ds/{path}", old_annotation())
    (plan,) = SUPERVISELY.plan(Source.at(tmp_path), "P")
    assert [task.file_name for task in plan.tasks] == ["good.png"]
    assert sorted(problem.split(":")[0] for problem in plan.problems) == [
        "ds/ann/orphan.png.json",
        "ds/img/film.mp4",
        "ds/img/lonely.png",
        "ds/img/twin.jpg",
        "ds/img/twin.png",
    ]


def test_nested_data_sets_are_flattened(tmp_path: Path) -> None:
    """a/datasets/b of today's SDK."""
    write(tmp_path, "meta.json", OLD_META)
    write(tmp_path, "a/datasets/b/img/x.png", png())
    write(tmp_path, "a/datasets/b/ann/x.png.json", old_annotation())
    (plan,) = SUPERVISELY.plan(Source.at(tmp_path), "P")
    assert [task.dataset for task in plan.tasks] == ["a__b"]


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        (b"{", r"ds/ann/a\.json: not valid JSON"),
        ({**old_annotation(), "size": {"width": 9, "height": 6}}, r"ds/img/a\.png: the picture is 8 x 6 px but"),
        (old_annotation({**old_object(), "classTitle": "cra"}), r"ds/ann/a\.json: an object is of class 'cra'"),
        (old_annotation({**old_object(), "bitmap": {"origin": [0, 0], "data": "x"}}), r"ds/ann/a\.json: .*bitmap"),
        (old_annotation("car"), r"ds/ann/a\.json: "),  # type: ignore[arg-type]
    ],
)
def test_an_annotation_that_does_not_fit_is_named(tmp_path: Path, annotation: Any, message: str) -> None:
    """With the file's path in the source."""
    write_old(tmp_path, a=annotation)
    source = Source.at(tmp_path)
    (plan,) = SUPERVISELY.plan(source, "P")
    with pytest.raises(DataError, match=message):
        SUPERVISELY.convert(source, plan.tasks[0], plan.meta)


@pytest.mark.parametrize(
    ("meta", "message"),
    [
        (None, r"no meta\.json in it"),
        ({**OLD_META, "projectType": "videos"}, "a project of videos"),
        ({"classes": 3}, r"meta\.json: meta\.json needs a list 'classes'"),
        ({**OLD_META, "tags": []}, "also 'tags_images'"),
    ],
)
def test_a_folder_that_is_no_project_is_refused(tmp_path: Path, meta: Any, message: str) -> None:
    """Before any picture is read."""
    write_old(tmp_path, a=old_annotation())
    (tmp_path / "meta.json").unlink()
    if meta is not None:
        (tmp_path / "meta.json").write_text(json.dumps(meta))
    with pytest.raises(DataError, match=message):
        SUPERVISELY.plan(Source.at(tmp_path), "P")


def test_several_projects_in_one_folder_are_refused(tmp_path: Path) -> None:
    """Their names are in the error."""
    write_old(tmp_path / "one", a=old_annotation())
    write_old(tmp_path / "two", a=old_annotation())
    with pytest.raises(DataError, match=r"several projects in it \(one, two\)"):
        SUPERVISELY.plan(Source.at(tmp_path), "P")


def test_every_project_of_the_originals_engine_comes_in(oracle: Path) -> None:
    """All inputs of 2018 that we have: no problem, and every picture converts."""
    folders = sorted(path.parent for path in oracle.glob("dtl/*/in/*/meta.json"))
    assert len(folders) > 20
    for folder in folders:
        source = Source.at(folder)
        (plan,) = SUPERVISELY.plan(source, folder.name)
        assert plan.problems == ()
        assert len(convert_all(SUPERVISELY, source, plan)) == len(list(folder.glob("*/img/*")))
