"""Queries as sources of training pictures."""

import json
from pathlib import Path
from typing import Any

from kittiseg.pipeline import transform
from kittiseg.pipeline.training import find_source
from kittiseg.project.store import Project, Workspace
from kittiseg.training.sources import Source
from tests.data.programs import RANDOM_CROP, query
from tests.data.runs import run_in

QUERY_SEED = 3
"""Of the run in which a model is trained on a query, where another than the report's."""

SQUARES = ("data", "squares/*", "$in", {"classes_mapping": "default"})
MIRROR = ("flip", "$in", "$f", {"axis": "vertical"})
HALF = {"sides": {"left": "50%"}}


def mirrored() -> list[dict[str, Any]]:
    """Each square and its mirror image: nothing is drawn."""
    return query(SQUARES, MIRROR, save=["$in", "$f"])


def cropped(*, copies: int = 2) -> list[dict[str, Any]]:
    """Each square, some random windows of it."""
    return query(SQUARES, ("multiply", "$in", "$m", {"multiply": copies}), ("crop", "$m", "$c", RANDOM_CROP), save="$c")


def dropped() -> list[dict[str, Any]]:
    """Random windows of each square, and of those only the wide ones: epochs differ in length."""
    wide = {"condition": {"min_width": 24}}
    return [*cropped(copies=3)[:-1], *query(("if", "$c", ["$w", "null"], wide), save="$w")]


def write_query(folder: Path, document: list[dict[str, Any]], *, name: str = "query") -> Path:
    path = folder / f"{name}.json"
    path.write_text(json.dumps(document))
    return path


def source_in(workspace: Workspace, file: Path, *, seed: int = 0) -> Source:
    """What a training takes for the query."""
    return find_source(run_in(workspace, seed=seed), str(file))


def written(workspace: Workspace, file: Path, *, seed: int = 0) -> Project:
    """The project ``out`` that the query writes."""
    transform(run_in(workspace, seed=seed), file, overwrite=True)
    return workspace.project("out")
