"""What a workspace and a project hold."""

from functools import partial
from typing import Any

from kittiseg.pipeline.run import Run
from kittiseg.project.statistics import ProjectStatistics, combine, picture_statistics
from kittiseg.tuning.documents import is_trial_project
from kittiseg.tuning.trials import Sweep


def list_workspace(run: Run) -> dict[str, Any]:
    """Projects with their numbers of pictures, models, and sweeps with the projects that their trials share."""
    projects = [run.workspace.project(name) for name in run.workspace.projects()]
    return {
        "workspace": run.workspace.files.root,
        "projects": [
            {"name": project.name, "images": project.images, "classes": len(project.meta.classes)}
            for project in projects
        ],
        "models": run.workspace.models(),
        "sweeps": [_sweep(run, name, [project.name for project in projects]) for name in run.workspace.sweeps()],
    }


def _sweep(run: Run, name: str, projects: list[str]) -> dict[str, Any]:
    trials = run.workspace.sweep_files(name).folders("trials")
    return {
        "name": name,
        "trials": len(trials),
        "projects": [each for each in projects if is_trial_project(each, name)],
    }


def list_trials(run: Run, sweep: str) -> dict[str, Any]:
    """The trials of a sweep, as far as they have come: what ``tune`` ends with."""
    return Sweep.open(run.workspace, sweep).to_json()


def statistics(run: Run, name: str) -> ProjectStatistics:
    """Per class pictures, objects and area; tags; sizes of pictures."""
    project = run.workspace.project(name)
    keys = project.keys()
    pictures = run.map_light(partial(picture_statistics, project), keys, stage="stats", project=name, unit="pictures")
    return combine(project, pictures)
