"""A small project, and the tutorial's query on it."""

from pathlib import Path

import pytest

from kittiseg.project.geometry import Size
from kittiseg.project.store import Project, Workspace
from tests.data.projects import small_project
from tests.data.runs import json_file, tutorial_query


@pytest.fixture
def source(workspace: Workspace) -> Project:
    """Eight pictures of 96 x 32 px."""
    return small_project(workspace, "small", count=8, size=Size(height=32, width=96))


@pytest.fixture
def query(tmp_path: Path) -> Path:
    return json_file(tmp_path, "query", tutorial_query("small", "crops"))
