"""Windows and mirrors of source pictures."""

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kittiseg.errors import DataError
from kittiseg.project.annotation import Tag
from kittiseg.project.geometry import Size, Window
from kittiseg.project.item import Item
from kittiseg.project.pixels import LazyImage, decode_rgb
from kittiseg.project.storage import FILES, Layout, Origin
from kittiseg.project.store import Project, Workspace
from tests.data.projects import every_shape, meta_of, small_project, write_project
from tests.data.storages import cut, origin_of, write_kept

RECIPE = Layout("recipe")
WINDOW = Window(top=3, left=7, height=20, width=30)
SIZE = Size(height=32, width=48)
AXES = [None, "vertical", "horizontal"]


@pytest.fixture
def source(workspace: Workspace) -> Project:
    return small_project(workspace, "small", count=2, size=SIZE)


def _keep(workspace: Workspace, name: str, layout: Layout, origin: Origin, *items: Item, meta: Any = None) -> Project:
    made = {f"{number}.png": (item, origin) for number, item in enumerate(items)}
    return write_kept(workspace, name, layout, meta or workspace.project(origin.item.key.project).meta, made)


def _line(workspace: Workspace, name: str = "r") -> dict[str, Any]:
    (path,) = Path(workspace.files.root).glob(f"projects/{name}/recipes/*")
    return json.loads(gzip.decompress(path.read_bytes()))


def _same(ours: Project, theirs: Project) -> None:
    assert [(key.dataset, key.name) for key in ours.keys()] == [(key.dataset, key.name) for key in theirs.keys()]
    for mine, other in zip(ours.keys(), theirs.keys(), strict=True):
        assert ours.annotation(mine) == theirs.annotation(other)
        assert ours.picture_bytes(mine) == theirs.picture_bytes(other)
        item = ours.item(mine)
        assert np.array_equal(item.image.pixels(), theirs.item(other).image.pixels())
        assert item.annotation.image == item.image.size


def test_windows_and_mirrors_come_back_as_from_files(workspace: Workspace, source: Project):
    """Pixels, files and annotations; figures are numbers, so that no bitmap is written."""
    origin = origin_of(source, source.keys()[0])
    items = [cut(origin.item, WINDOW, axis=axis) for axis in AXES]

    recipes = _keep(workspace, "r", RECIPE, origin, *items)

    _same(recipes, _keep(workspace, "f", FILES, origin, *items))
    assert _line(workspace)["outputs"][0]["figures"] == [0]
    assert '"data":' not in json.dumps(_line(workspace))


def test_the_whole_picture_is_its_source_s_file(workspace: Workspace, source: Project):
    origin = origin_of(source, source.keys()[0])

    recipes = _keep(workspace, "r", RECIPE, origin, origin.item)

    assert recipes.picture_bytes(recipes.keys()[0]) == source.picture_bytes(source.keys()[0])


def test_another_class_tag_or_description_is_told(workspace: Workspace, source: Project):
    """What differs, and no more."""
    origin = origin_of(source, source.keys()[0])
    annotation = origin.item.annotation.rename({"car": "vehicle"})
    road, car = annotation.figures
    figures = (replace(car, tags=(Tag("far", 3.5),)), replace(road, description="wet"))
    item = replace(origin.item, annotation=replace(annotation, figures=figures, tags=(Tag("day"),), description="d"))
    meta = meta_of({"road": "bitmap", "vehicle": "bitmap"})

    recipes = _keep(workspace, "r", RECIPE, origin, item, meta=meta)

    assert recipes.annotation(recipes.keys()[0]) == item.annotation
    assert _line(workspace)["outputs"][0]["figures"] == [
        [1, {"class": "vehicle", "tags": [{"name": "far", "value": 3.5}]}],
        [0, {"description": "wet"}],
    ]


@pytest.mark.parametrize("axis", AXES)
def test_every_shape_comes_back(workspace: Workspace, axis: str | None):
    """Vectors as they are, with all their digits."""
    item = every_shape()
    shapes = {figure.class_name: figure.shape.kind for figure in item.annotation.figures}
    source = write_project(workspace, "small", {"training/a.png": item.annotation}, meta=meta_of(shapes))
    origin = origin_of(source, source.keys()[0])
    made = cut(origin.item, Window(top=1, left=2, height=20, width=27), axis=axis)

    _same(_keep(workspace, "r", RECIPE, origin, made), _keep(workspace, "f", FILES, origin, made))


def test_a_figure_that_is_not_the_source_s_is_written_out(workspace: Workspace, source: Project):
    """Cut by itself, it is not what the window shows."""
    origin = origin_of(source, source.keys()[0])
    road, car = origin.item.annotation.figures
    (part,) = road.shape.crop(Window(top=0, left=0, height=SIZE.height, width=9))
    figures = (replace(road, shape=part), car)
    item = replace(origin.item, annotation=replace(origin.item.annotation, figures=figures))

    recipes = _keep(workspace, "r", RECIPE, origin, item)

    assert recipes.annotation(recipes.keys()[0]) == item.annotation
    assert isinstance(_line(workspace)["outputs"][0]["figures"][0], dict)


def test_recipes_of_recipes(workspace: Workspace, source: Project):
    """Each goes back to the one before it."""
    origin = origin_of(source, source.keys()[0])
    first = _keep(workspace, "first", RECIPE, origin, cut(origin.item, WINDOW, axis="vertical"))
    again = origin_of(first, first.keys()[0])
    made = cut(again.item, Window(top=2, left=2, height=9, width=11), axis="horizontal")

    _same(_keep(workspace, "r", RECIPE, again, made), _keep(workspace, "f", FILES, again, made))
    assert all(isinstance(figure, int) for figure in _line(workspace)["outputs"][0]["figures"])


def test_changed_pixels_are_refused(workspace: Workspace, source: Project):
    """Also where a layer forgot to say that it changes them."""
    origin = origin_of(source, source.keys()[0])
    item = replace(origin.item, image=origin.item.image.then(SIZE, lambda image_hwc: 255 - image_hwc))

    with pytest.raises(DataError, match=r"small/training/000000_10.png: its pixels were changed.*'supervisely'"):
        _keep(workspace, "r", RECIPE, origin, item)


def test_a_changed_source_is_not_read(workspace: Workspace, source: Project):
    """Not even where only one of its files was written again; the error names it, and what to do."""
    origin = origin_of(source, source.keys()[0])
    recipes = _keep(workspace, "r", RECIPE, origin, origin.item)
    path = Path(source.files.path("training/ann/000000_10.png.json"))
    path.write_text(path.read_text() + "\n")

    with pytest.raises(DataError, match=r"of small/training/000000_10.png, which has changed.*by its query"):
        recipes.annotation(recipes.keys()[0])


def test_a_missing_source_is_named(workspace: Workspace, source: Project):
    origin = origin_of(source, source.keys()[0])
    recipes = _keep(workspace, "r", RECIPE, origin, origin.item)
    workspace.files.remove("projects/small")

    with pytest.raises(DataError, match=r"of small/training/000000_10.png, which is missing \(no project 'small'"):
        recipes.item(recipes.keys()[0])


def test_crops_of_one_picture_share_its_decoding(
    workspace: Workspace, source: Project, monkeypatch: pytest.MonkeyPatch
):
    """Read one after another, as stages do."""
    origin = origin_of(source, source.keys()[0])
    recipes = _keep(workspace, "r", RECIPE, origin, *(cut(origin.item, WINDOW, axis=axis) for axis in AXES))
    decoded = []
    read = LazyImage.from_file

    def counted(*arguments: Any, **options: Any) -> LazyImage:
        decoded.append(options["name"])
        return read(*arguments, **options)

    monkeypatch.setattr(LazyImage, "from_file", counted)
    for key in recipes.keys():
        recipes.item(key).image.pixels()

    assert decoded == ["small/training/000000_10.png"]


def test_a_lossy_name_is_met_by_a_lossy_file(workspace: Workspace):
    """The pixels are the source's own; the file is of the kind that its name says."""
    source = write_project(
        workspace,
        "small",
        {"training/a.jpg": every_shape().annotation},
        meta=meta_of({figure.class_name: figure.shape.kind for figure in every_shape().annotation.figures}),
    )
    origin = origin_of(source, source.keys()[0])
    made = cut(origin.item, Window(top=1, left=2, height=20, width=27))
    recipes = write_kept(workspace, "r", RECIPE, source.meta, {"b.jpg": (made, origin)})
    (key,) = recipes.keys()

    assert np.array_equal(recipes.item(key).image.pixels(), made.image.pixels())
    assert recipes.picture_bytes(key).startswith(b"\xff\xd8")
    assert decode_rgb(recipes.picture_bytes(key), name="b").shape == (20, 27, 3)
    assert recipes.picture_size(key) < source.picture_size(source.keys()[0])


def test_what_was_added_can_be_taken_back(workspace: Workspace, source: Project):
    origin = origin_of(source, source.keys()[0])
    draft = workspace.draft("r", key="test", layout=RECIPE)
    with draft.writer("block", source.meta) as writer:
        writer.add(origin.item, "a.png", origin=origin)
        writer.add(origin.item, "b.png", origin=origin)
        writer.remove("training", "a.png")

    (path,) = Path(draft.files.path("recipes")).iterdir()
    (line,) = gzip.decompress(path.read_bytes()).splitlines()
    assert [entry["name"] for entry in json.loads(line)["outputs"]] == ["b.png"]
