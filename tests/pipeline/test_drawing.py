from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from kittiseg.errors import DataError
from kittiseg.pipeline import draw_query, plan_transform, preview
from kittiseg.project.geometry import Size
from kittiseg.project.pixels import decode_rgb
from kittiseg.project.store import Project, Workspace
from tests.data.projects import small_project
from tests.data.runs import digest_of_project, leftovers, run_in

PICTURE = Size(height=32, width=96)


def test_the_drawing_has_the_counts_of_the_run(workspace: Workspace, source: Project, query: Path, tmp_path: Path):
    """Pictures in and out of every layer, both ways of the split, the class that the mapping makes."""
    run = run_in(workspace, seed=3)

    path = draw_query(run, query, tmp_path / "new" / "query.svg")

    found = [element.text for element in ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")]
    train, val = plan_transform(run, query).layers[2].pictures
    assert {"8 → 8", f"8 → {train} | {val}", "16 → 96", "96 → 96"} <= set(found)
    assert found.count("vehicle") == 10
    assert f"$100-train: {train}" in found


def test_a_sheet_shows_every_layer_and_writes_nothing_else(
    workspace: Workspace, source: Project, query: Path, tmp_path: Path
):
    """A band for each layer, two for the one with two ways; the workspace is as before."""
    before = digest_of_project(workspace, "small")

    path = preview(run_in(workspace), query, tmp_path / "sheet.png", pictures=3)

    image_hwc = decode_rgb(path.read_bytes(), name="sheet")
    band = [tuple(row) for row in image_hwc[34:, 0]]
    changes = sum(one != other for one, other in pairwise(band))
    assert changes == 11 - 1
    assert workspace.projects() == ["small"]
    assert leftovers(workspace) == []
    assert digest_of_project(workspace, "small") == before


def test_the_same_query_gives_the_same_sheet(workspace: Workspace, source: Project, query: Path, tmp_path: Path):
    """And another seed another one."""
    sheets = [
        preview(run_in(workspace, seed=seed), query, tmp_path / f"{name}.png", pictures=2).read_bytes()
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    ]

    assert sheets[0] == sheets[1] != sheets[2]


def test_more_pictures_than_there_are_is_all_of_them(
    workspace: Workspace, source: Project, query: Path, tmp_path: Path
):
    sheets = [
        preview(run_in(workspace), query, tmp_path / f"{count}.png", pictures=count).read_bytes() for count in (8, 20)
    ]

    assert sheets[0] == sheets[1]


def test_without_pictures_there_is_nothing_to_show(workspace: Workspace, query: Path, tmp_path: Path):
    """And no empty sheet is written."""
    small_project(workspace, "small", count=0)

    with pytest.raises(DataError, match="no pictures come in"):
        preview(run_in(workspace), query, tmp_path / "sheet.png", pictures=2)

    assert not (tmp_path / "sheet.png").exists()
