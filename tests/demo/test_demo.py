import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from kittiseg import demo
from kittiseg.config import parse
from kittiseg.demo import run_demo
from kittiseg.errors import DataError
from kittiseg.formats.road_scenes import write_road_scenes
from kittiseg.inference.config import InferenceConfig
from kittiseg.project.store import Workspace
from kittiseg.training.config import TrainConfig
from tests.data.runs import TINY_TRAINING, run_in

CONFIGS = Path(demo.__file__).parent
TUTORIAL = Path(__file__).resolve().parents[2] / "configs" / "kitti_vehicles"


def read(folder: Path, name: str) -> Any:
    return json.loads((folder / f"{name}.json").read_text())


@pytest.fixture
def scenes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four training scenes as a data set; the demo trains on them in a second, and learns nothing."""
    folder = tmp_path / "configs"
    shutil.copytree(CONFIGS, folder)
    short = {**TINY_TRAINING, "batch_size": {"train": 8, "val": 8}, "dataset_tags": {"val": "__all__"}, "epochs": 1}
    (folder / "train.json").write_text(json.dumps(short))
    monkeypatch.setattr(demo, "_HERE", folder)
    write_road_scenes(tmp_path / "scenes", training=4, testing=1, seed=0)
    return tmp_path / "scenes"


def test_the_demo_is_the_tutorial_but_for_names_and_numbers():
    """The same layers in the same order; the same windows."""
    query, tutorial = read(CONFIGS, "transform"), read(TUTORIAL, "transform")
    assert [layer["action"] for layer in query] == [layer["action"] for layer in tutorial]
    assert query[0]["settings"] == tutorial[0]["settings"]
    assert read(CONFIGS, "infer") == {**read(TUTORIAL, "infer"), "devices": "auto"}
    parse(TrainConfig, read(CONFIGS, "train"), source="train.json")
    parse(InferenceConfig, read(CONFIGS, "infer"), source="infer.json")


def test_the_demo_ends_with_scores_on_frames_that_it_held_out(workspace: Workspace, scenes: Path):
    """The last of four training frames is predicted; a page and a picture grid are written."""
    result = run_demo(run_in(workspace), scenes)

    assert [str(picture.key) for picture in result.evaluation.pictures] == ["demo-predictions/training/000003_10.png"]
    assert result.evaluation.names == ("vehicle",)
    assert workspace.projects() == ["demo-predictions", "kitti-held-out", "kitti-test", "kitti-train", "kitti-vehicles"]
    trained_on = {key.name[:9] for key in workspace.project("kitti-vehicles").keys()}
    assert trained_on == {"000000_10", "000001_10", "000002_10"}
    assert Path(result.report).read_text().startswith("<!")
    assert Path(result.grid).read_bytes().startswith(b"\x89PNG")


def test_the_demo_runs_in_object_storage(s3_workspace: Workspace, scenes: Path):
    """All that it writes is there, also the configs to go on with."""
    result = run_demo(run_in(s3_workspace), scenes)

    files = s3_workspace.files
    assert result.report == f"s3://{files.root}/report.html"
    assert files.read("report.html").startswith(b"<!")
    assert files.read("predictions.png").startswith(b"\x89PNG")
    assert files.files("configs") == ["hold_out.json", "infer.json", "train.json", "transform.json"]


def test_frames_without_masks_are_no_data_for_a_demo(workspace: Workspace, scenes: Path):
    """There is nothing to learn from test frames."""
    shutil.rmtree(scenes / "training")

    with pytest.raises(DataError, match="at least two training frames with masks"):
        run_demo(run_in(workspace), scenes)
