"""Predictions of small pictures and of one large one: workers, kills and stops do not show in what is written."""

import signal
from pathlib import Path

import numpy as np
import pytest

from kittiseg.engine import Engine
from kittiseg.pipeline import PredictOptions, TrainOptions, predict, train
from kittiseg.project import pixels
from kittiseg.project.geometry import Size
from kittiseg.project.store import Workspace
from tests.data.commands import start_command, stop_when
from tests.data.projects import annotation_of
from tests.data.runs import TINY_TRAINING, WINDOWS, Killer, digest_of_project, json_file, leftovers, run_in
from tests.data.training import write_squares

pytestmark = pytest.mark.drill

CONFIG = {**WINDOWS, "outputs": [{"as": "masks"}, {"as": "probabilities", "type": "float32"}]}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A model ``m``, and a project ``streets`` of nine small pictures and one with 450 windows, done in seven parts."""
    folder = tmp_path_factory.mktemp("predictions")
    workspace = Workspace.at(folder / "workspace")
    squares = write_squares(workspace)
    train(run_in(workspace), TrainOptions(json_file(folder, "train", {**TINY_TRAINING, "epochs": 1}), "squares", "m"))
    draft = workspace.draft("streets")
    draft.add_dataset("ds")
    for key in squares.keys():
        picture, annotation = squares.picture_bytes(key), squares.annotation(key)
        draft.write("ds", key.name, picture=picture, annotation=annotation)
    image_hwc = np.random.default_rng(0).integers(0, 255, (2400, 40, 3), np.uint8)
    large = annotation_of({}, size=Size(height=2400, width=40))
    draft.write("ds", "004_large.png", picture=pixels.encode(image_hwc, ".png"), annotation=large)
    draft.commit(squares.meta, {})
    predict(run_in(workspace), options(folder, "alone"))
    return workspace


def options(folder: Path, name: str, *, devices: str = "cpu") -> PredictOptions:
    return PredictOptions(json_file(folder, name, CONFIG), "m", "streets", name, devices)


def parts(workspace: Workspace, name: str) -> list[Path]:
    """Of the large picture, those that are done."""
    return list(Path(workspace.files.path("projects")).glob(f".{name}.*/.parts/ds/004_large.png/*.json"))


def test_workers_do_not_show(workspace: Workspace, tmp_path: Path, ray_engine: Engine):
    """This process and two actors write the same bytes, also of a picture that is shared out."""
    made = predict(run_in(workspace, ray_engine), options(tmp_path, "ray", devices="cpu:2"))

    assert digest_of_project(workspace, "ray") == digest_of_project(workspace, "alone")
    assert made.digest == workspace.project("alone").digest
    assert made.windows == 8 * 6 + 450


def test_a_killed_actor_does_not_show(workspace: Workspace, tmp_path: Path, ray_engine: Engine):
    """In the middle of the large picture: its part is done again."""
    with Killer("StateWorker", when=lambda: parts(workspace, "killed")) as killer:
        predict(run_in(workspace, ray_engine), options(tmp_path, "killed"))

    assert killer.killed
    assert digest_of_project(workspace, "killed") == digest_of_project(workspace, "alone")


def test_a_killed_command_goes_on(workspace: Workspace, tmp_path: Path):
    """The same command does what is missing, and only that."""
    wanted = options(tmp_path, "stopped")
    words = ["predict", str(wanted.config), "--model", "m", "--project", "streets", "--name", "stopped"]

    process = start_command(workspace, *words)
    code, _ = stop_when(process, signal.SIGKILL, lambda: bool(parts(workspace, "stopped")))
    done = len(parts(workspace, "stopped"))
    made = predict(run_in(workspace), wanted)

    assert code == -signal.SIGKILL
    assert done > 0
    assert made.windows < 450
    assert digest_of_project(workspace, "stopped") == digest_of_project(workspace, "alone")
    assert leftovers(workspace) == []
