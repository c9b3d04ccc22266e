import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kittiseg.errors import ConfigError, DataError
from kittiseg.pipeline import lineage_of, redo, transform
from kittiseg.project.geometry import Size
from kittiseg.project.item import ItemKey
from kittiseg.project.pixels import encode
from kittiseg.project.store import Project, Workspace
from tests.data.programs import RANDOM_CROP, layer
from tests.data.projects import annotation_of, meta_of, small_project, square, write_project
from tests.data.runs import json_file, run_in, tutorial_query

PICTURE = Size(height=32, width=96)
SQUARE = annotation_of({"car": square(top=1, left=2, side=3)}, size=PICTURE)


@pytest.fixture
def crops(workspace: Workspace, tmp_path: Path) -> Project:
    """Two pictures, twelve crops of each."""
    small_project(workspace, "small", count=2, size=PICTURE)
    transform(run_in(workspace, seed=5), json_file(tmp_path, "query", tutorial_query("small", "crops")))
    return workspace.project("crops")


def transformed(workspace: Workspace, folder: Path, *layers: tuple[Any, ...], save: str = "supervisely") -> Project:
    """Project ``small`` through some layers, the last of which writes ``$out``."""
    first = layer("data", "small/*", "$in", {"classes_mapping": "default"})
    query = [first, *(layer(*each) for each in layers), layer(save, "$out", "made")]
    transform(run_in(workspace), json_file(folder, "query", query))
    return workspace.project("made")


def test_the_view_is_what_the_picture_shows(workspace: Workspace, crops: Project):
    """The window of the source, mirrored, is the picture, for each of them."""
    for key in crops.keys():
        found = lineage_of(run_in(workspace), "crops", f"{key.dataset}/{key.name}")
        source = workspace.project("small").item(found.source).image

        assert found.view is not None
        shown = source.crop(found.view.window)
        for axis in found.view.axes:
            shown = shown.mirror(axis)
        assert np.array_equal(shown.pixels(), crops.item(key).image.pixels())


def test_every_draw_is_told_layer_by_layer(workspace: Workspace, crops: Project):
    """Which way, which mirror, which copy, which window; with the layer's place in the query."""
    found = lineage_of(run_in(workspace), "crops", "000000_10_flipv_m3.png").to_json()

    assert (found["source"], found["seed"]) == ("small/training/000000_10.png", 5)
    assert [(each["layer"], each["action"]) for each in found["layers"]] == [
        ("/2", "if"),
        ("/6", "flip"),
        ("/7", "multiply"),
        ("/8", "crop"),
    ]
    assert [list(each["did"]) for each in found["layers"]] == [["to"], ["axis"], ["copy"], ["window"]]
    assert found["view"]["mirrored"] == ["vertical"]


def test_where_pixels_were_changed_there_is_no_view(workspace: Workspace, tmp_path: Path):
    """A blurred picture is no window of its source; the blur's draw is told."""
    small_project(workspace, "small", count=1, size=PICTURE)
    transformed(workspace, tmp_path, ("blur", "$in", "$out", {"name": "gaussian", "sigma": {"min": 1, "max": 2}}))

    found = lineage_of(run_in(workspace), "made", "000000_10.png")

    assert found.view is None
    assert 1 <= found.deeds[0].did["sigma"] <= 2


@pytest.mark.parametrize("save", ["supervisely", "parquet", "recipe"])
def test_redone_pictures_are_the_same_in_every_storage(workspace: Workspace, tmp_path: Path, save: str):
    """The digest in the journal is that of the picture made anew, whatever the seed of the run that asks."""
    small_project(workspace, "small", count=2, size=PICTURE)
    made = transformed(workspace, tmp_path, ("crop", "$in", "$out", RANDOM_CROP), save=save)

    for key in made.keys():
        assert redo(run_in(workspace, seed=99), "made", key.name).picture == key


def test_surveyed_pictures_can_be_redone(workspace: Workspace, tmp_path: Path):
    """The survey is made anew too."""
    small_project(workspace, "small", count=4, size=PICTURE)
    made = transformed(workspace, tmp_path, ("split", "$in", "$out", {"shares": {"train": 0.75, "val": 0.25}}))

    assert all(redo(run_in(workspace), "made", key.name) for key in made.keys())


def test_a_source_that_has_changed_is_named(workspace: Workspace, crops: Project):
    """One pixel is enough."""
    project = workspace.project("small")
    key = ItemKey("small", "training", "000000_10.png")
    changed_hwc = 255 - project.item(key).image.pixels()
    Path(project.files.path("training/img/000000_10.png")).write_bytes(encode(changed_hwc, ".png"))

    with pytest.raises(DataError, match=r"comes out different[^$]*000000_10\.png has been written since"):
        redo(run_in(workspace), "crops", "000000_10_m1.png")
    assert redo(run_in(workspace), "crops", "000001_10_m1.png")


def test_other_versions_are_named(workspace: Workspace, crops: Project):
    """With what they were and are."""
    document = crops.files.read_json("provenance.json")
    document["versions"]["numpy"] = "1.14.0"
    document["seed"] += 1  # which makes the picture another one
    crops.files.write("provenance.json", json.dumps(document).encode())

    with pytest.raises(DataError, match=r"numpy is .*, and was 1\.14\.0"):
        redo(run_in(workspace), "crops", "000000_10_m1.png")


def test_a_source_that_is_gone_is_named(workspace: Workspace, crops: Project):
    """The picture alone, and the whole project."""
    files = workspace.project("small").files
    files.remove("training/img/000000_10.png")

    with pytest.raises(DataError, match=r"small/training/000000_10\.png.* is gone"):
        redo(run_in(workspace), "crops", "000000_10_m1.png")

    workspace.files.remove("projects/small")
    with pytest.raises(ConfigError, match="small"):
        redo(run_in(workspace), "crops", "000000_10_m1.png")


def test_what_no_query_made_has_no_lineage(workspace: Workspace):
    small_project(workspace, "small")

    with pytest.raises(DataError, match="'small' was made by no query"):
        lineage_of(run_in(workspace), "small", "000000_10.png")


def test_an_unknown_picture_is_an_error_with_the_nearest(workspace: Workspace, crops: Project):
    """Of thousands of names, one."""
    with pytest.raises(DataError, match=r"no picture '000000_10_m11\.png'; did you mean '000000_10_m1\.png'"):
        lineage_of(run_in(workspace), "crops", "000000_10_m11.png")
    with pytest.raises(DataError, match=r"it has 24, such as '"):
        lineage_of(run_in(workspace), "crops", "zzz")


def test_a_name_that_stands_twice_needs_its_data_set(workspace: Workspace, tmp_path: Path):
    """Then each has its own lineage."""
    pictures = {"one/a.png": SQUARE, "two/a.png": SQUARE}
    write_project(workspace, "small", pictures, meta=meta_of({"car": "bitmap"}))
    transformed(workspace, tmp_path, ("dataset", "$in", "$out", {"rule": "save_original"}))

    with pytest.raises(DataError, match=r"stands 2 times .*one/a\.png, two/a\.png"):
        lineage_of(run_in(workspace), "made", "a.png")
    assert lineage_of(run_in(workspace), "made", "two/a.png").source == ItemKey("small", "two", "a.png")
