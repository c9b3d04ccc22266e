"""What a workspace and a project hold."""

from functools import partial
from typing import Any

from kittiseg.pipeline.run import Run
from kittiseg.project.statistics import ProjectStatistics, combine, picture_statistics


def list_workspace(run: Run) -> dict[str, Any]:
    """Projects with their numbers of pictures, and models."""
    projects = [run.workspace.project(name) for name in run.workspace.projects()]
    return {
        "workspace": run.workspace.files.root,
        "projects": [
            {"name": project.name, "images": project.images, "classes": len(project.meta.classes)}
            for project in projects
        ],
        "models": run.workspace.models(),
    }


def statistics(run: Run, name: str) -> ProjectStatistics:
    """Per class pictures, objects and area; tags; sizes of pictures."""
    project = run.workspace.project(name)
    keys = project.keys()
    pictures = run.map_light(partial(picture_statistics, project), keys, stage="stats", project=name, unit="pictures")
    return combine(project, pictures)
