from kittiseg.pipeline import list_workspace, statistics
from kittiseg.project.store import Workspace
from tests.data.projects import small_project
from tests.data.runs import run_in


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
    assert listing["models"] == []
