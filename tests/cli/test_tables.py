from kittiseg.cli import tables
from kittiseg.pipeline import (
    Imported,
    Lineage,
    Transformed,
    WindowsShown,
    list_workspace,
    statistics,
)
from kittiseg.project.geometry import View, Window
from kittiseg.project.item import Deed, ItemKey
from kittiseg.project.store import Workspace
from tests.data.consoles import narrow
from tests.data.projects import small_project
from tests.data.runs import run_in


def test_a_narrow_terminal_cuts_no_number_off():
    """Its lines wrap instead."""
    console, out = narrow()

    tables.show_imported(console, [Imported(project="kitti-semseg-train", images=200, objects=123456, skipped=())])

    assert out.getvalue().splitlines()[1].split() == ["kitti-semseg-train", "200", "123456", "0"]


def test_statistics_show_classes_by_area_with_bars(workspace: Workspace):
    """The road covers half of a picture of 6 x 8 px, the car the rest of its square: 24 and 9 px on each of 3."""
    small_project(workspace, "small", count=3)
    console, out = narrow()

    tables.show_statistics(console, statistics(run_in(workspace), "small"), workspace.project("small").meta)

    rows = [line.split() for line in out.getvalue().splitlines()]
    assert rows[2][:5] == ["road", "3", "3", "72", "50.00"]
    assert rows[3][:5] == ["car", "3", "3", "27", "18.75"]
    assert len(rows[2][5]) >= len(rows[3][5]) >= 1
    assert ["pictures:", "3"] in rows


def test_an_empty_workspace_says_how_to_begin(workspace: Workspace):
    """No table without rows."""
    console, out = narrow()

    tables.show_listing(console, list_workspace(run_in(workspace)))

    assert "no projects yet; begin with kittiseg import" in out.getvalue()
    assert "models: none yet" in out.getvalue()


def test_projects_of_trials_are_counted_beside_their_sweep():
    """They would hide the others."""
    console, out = narrow()
    projects = [{"name": name, "images": 7, "classes": 2} for name in ("kitti", "s--0123abcd")]
    sweep = {"name": "s", "trials": 9, "projects": ["s--0123abcd"]}

    tables.show_listing(console, {"workspace": "w", "projects": projects, "models": ["s"], "sweeps": [sweep]})

    told = " ".join(out.getvalue().split())
    assert "kitti 7 2" in told
    assert "s--0123abcd" not in told
    assert "sweeps: s (9 trials with 1 project)" in told


def test_tags_are_those_of_the_project():
    """With their counts."""
    console, out = narrow()
    made = Transformed(
        project="crops",
        images=12,
        datasets={"training": 12},
        tags={"train": 8, "val": 4},
        counts=(1, 12),
        digest="abc",
        skipped=(),
        warnings=(),
    )

    tables.show_transformed(console, made)

    assert "train 8, val 4" in out.getvalue()
    assert "digest abc" in out.getvalue()


def test_a_lineage_is_told_layer_by_layer():
    """Windows in words, numbers short, then what of the source is seen."""
    console, out = narrow()
    view = View(window=Window(top=2, left=1, height=4, width=3), left_right=True)
    deeds = (Deed(8, "crop", {"window": [1, 2, 3, 4]}), Deed(9, "rotate", {"angle": 13.123456789}))
    source = ItemKey("kitti", "training", "0.png")

    tables.show_lineage(
        console,
        Lineage(picture=ItemKey("new", "ds", "0_m1.png"), source=source, seed=3, digest="ff", deeds=deeds, view=view),
    )

    told = " ".join(out.getvalue().split())
    assert "new/ds/0_m1.png of kitti/training/0.png, seed 3" in told
    assert "/8 crop window 3 x 4 px at (1, 2)" in told
    assert "/9 rotate angle 13.1235" in told
    assert "shows 3 x 4 px at (1, 2) of its source, mirrored left for right" in told


def test_an_animation_is_told_of_in_a_line():
    """Its frames only where they are fewer than the windows."""
    console, out = narrow()
    facts = {"file": "w.gif", "picture": "p/ds/0.png", "bytes": 850_000}

    tables.show_windows(console, WindowsShown(windows=28, frames=29, **facts))
    tables.show_windows(console, WindowsShown(windows=900, frames=81, **facts))
    tables.show_windows(console, WindowsShown(windows=20, frames=21, skipped=8, **facts))

    assert out.getvalue().splitlines() == [
        "w.gif: 28 windows over p/ds/0.png, 0.85 MB",
        "w.gif: 900 windows over p/ds/0.png in 81 frames, 0.85 MB",
        "w.gif: 20 windows over p/ds/0.png, 8 skipped, 0.85 MB",
    ]
