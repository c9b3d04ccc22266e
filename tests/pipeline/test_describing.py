from kittiseg.pipeline import list_trials, list_workspace, statistics
from kittiseg.project.store import Workspace
from tests.data.projects import small_project
from tests.data.runs import run_in
from tests.data.sweeps import write_sweep


def test_statistics_start_no_cluster_for_few_pictures(workspace: Workspace):
    """The engine is not even made."""
    small_project(workspace, "small", count=3)
    run = run_in(workspace)

    found = statistics(run, "small")

    assert (found.images, {entry.name: entry.objects for entry in found.classes}) == (3, {"road": 3, "car": 3})
    assert "engine" not in run.__dict__


def test_the_listing_has_projects_with_their_sizes(workspace: Workspace):
    """Half-written ones are not in it."""
    small_project(workspace, "small", count=3)
    workspace.draft("unfinished")

    listing = list_workspace(run_in(workspace))

    assert listing["projects"] == [{"name": "small", "images": 3, "classes": 2}]
    assert listing["models"] == listing["sweeps"] == []


def test_a_sweep_is_listed_with_the_projects_of_its_trials(workspace: Workspace):
    """And its trials as ``tune`` ends with them."""
    write_sweep(workspace, "widths", trials=3)
    for name in ("widths--0123abcd", "widths--notes", "other"):
        small_project(workspace, name, count=1)
    run = run_in(workspace)

    assert list_workspace(run)["sweeps"] == [{"name": "widths", "trials": 3, "projects": ["widths--0123abcd"]}]
    listing = list_trials(run, "widths")
    assert ([trial["id"] for trial in listing["trials"]], listing["model"]) == (["0001", "0002", "0003"], "widths")
