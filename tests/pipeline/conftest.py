"""A small project, the tutorial's query on it, and models that were trained."""

import shutil
from pathlib import Path

import pytest

from kittiseg.pipeline import TrainOptions, train
from kittiseg.project.geometry import Size
from kittiseg.project.store import Project, Workspace
from tests.data.projects import small_project
from tests.data.query_sources import QUERY_SEED, cropped, write_query
from tests.data.runs import TINY_TRAINING, json_file, run_in, tutorial_query
from tests.data.training import write_squares


@pytest.fixture
def source(workspace: Workspace) -> Project:
    """Eight pictures of 96 x 32 px."""
    return small_project(workspace, "small", count=8, size=Size(height=32, width=96))


@pytest.fixture
def query(tmp_path: Path) -> Path:
    return json_file(tmp_path, "query", tutorial_query("small", "crops"))


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with two models of one checkpoint: ``m`` of the project of squares, ``q`` of random crops of them.

    It is not to be changed.
    """
    folder = tmp_path_factory.mktemp("trained")
    workspace = Workspace.at(folder / "workspace")
    write_squares(workspace)
    config = json_file(folder, "train", {**TINY_TRAINING, "epochs": 1, "val_every": 1})
    train(run_in(workspace), TrainOptions(config, "squares", "m"))
    train(run_in(workspace, seed=QUERY_SEED), TrainOptions(config, str(write_query(folder, cropped())), "q"))
    return folder / "workspace"


@pytest.fixture
def workspace_of_models(trained: Path, tmp_path: Path) -> Workspace:
    """A copy of it, to be changed."""
    shutil.copytree(trained, tmp_path / "models")
    return Workspace.at(tmp_path / "models")
