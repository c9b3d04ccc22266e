"""MLflow and W&B are extras: where they are not installed their tests are skipped."""

import threading
from importlib.util import find_spec
from pathlib import Path
from typing import get_args

import pytest
from tensorboardX.proto.event_pb2 import SessionLog

from kittiseg.engine.trackers import Point, Tracked, TrackerName, Trackers, check_trackers
from kittiseg.errors import ConfigError, ResourceError
from tests.data.events import read_events, read_scalars

POINTS: list[Point] = [
    (1, {"train/loss": 0.5, "train/lr": 0.25}),
    (2, {"train/loss": 0.25}),
    (2, {"val/iou/car": 0.75}),
]
EXTRAS = [name for name in get_args(TrackerName) if name != "tensorboard"]


def tracked(folder: Path | None) -> Tracked:
    config = {"lr": 0.25, "epochs": 2, "input_size": {"width": 32}}
    return Tracked(name="m", config=config, folder=None if folder is None else str(folder))


def track(name: TrackerName, folder: Path | None, points: list[Point]) -> list[str]:
    """Tells the points from another thread, as whoever follows a training does; gives the warnings."""
    warnings: list[str] = []
    with Trackers([name], tracked(folder), warnings.append) as trackers:
        thread = threading.Thread(target=lambda: [trackers.log([point]) for point in points])
        thread.start()
        thread.join()
    return warnings


def test_tensorboard_reads_what_was_told(tmp_path: Path):
    """Every value at its step, under its name."""
    assert track("tensorboard", tmp_path, POINTS) == []

    assert read_scalars(tmp_path / "tensorboard") == {
        "train/loss": [(1, 0.5), (2, 0.25)],
        "train/lr": [(1, 0.25)],
        "val/iou/car": [(2, 0.75)],
    }


def test_tensorboard_begins_anew(tmp_path: Path):
    """Nothing is there twice, and one that is watching is told to forget what it has read."""
    track("tensorboard", tmp_path, POINTS)
    track("tensorboard", tmp_path, POINTS)

    assert read_scalars(tmp_path / "tensorboard")["train/loss"] == [(1, 0.5), (2, 0.25)]
    begun = [event for event in read_events(tmp_path / "tensorboard") if event.session_log.status == SessionLog.START]
    assert [event.step for event in begun] == [0]


def test_what_tensorboard_has_stays_until_there_is_more(tmp_path: Path):
    """A training that fails before its first step takes nothing away."""
    track("tensorboard", tmp_path, POINTS)
    track("tensorboard", tmp_path, [])

    assert read_scalars(tmp_path / "tensorboard")["train/loss"] == [(1, 0.5), (2, 0.25)]


def test_a_run_without_a_folder_has_no_event_files():
    """In object storage nothing can be added to a file."""
    assert track("tensorboard", None, POINTS) == []


def test_a_tracker_that_fails_is_left_off(tmp_path: Path):
    """It is warned of once; the training goes on."""
    assert track("tensorboard", tmp_path / "gone", POINTS) == [
        f"tensorboard is told no more: [Errno 2] No such file or directory: '{tmp_path}/gone/tensorboard'"
    ]


@pytest.mark.parametrize("name", EXTRAS)
def test_a_package_that_is_missing_is_told_with_its_command(name: TrackerName):
    """Before anything begins."""
    if find_spec(name):
        check_trackers(["tensorboard", name], source="train.json")
    else:
        with pytest.raises(ConfigError, match=rf"train\.json(.|\n)*/trackers: .*pip install kittiseg\[{name}\]"):
            check_trackers(["tensorboard", name], source="train.json")


def test_mlflow_has_the_run_with_its_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Names that it does not allow are written otherwise; a training that fails is marked so."""
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "streets")

    assert track("mlflow", None, [*POINTS, (3, {"val/iou/città (1)": 0.5})]) == []
    with pytest.raises(ZeroDivisionError), Trackers(["mlflow"], tracked(None), print):
        raise ZeroDivisionError

    failed, whole = mlflow.search_runs(experiment_names=["streets"], output_format="list")
    history = mlflow.MlflowClient().get_metric_history(whole.info.run_id, "train/loss")
    assert [(metric.step, metric.value) for metric in history] == [(1, 0.5), (2, 0.25)]
    assert whole.data.metrics["val/iou/città _1_"] == 0.5
    assert whole.data.params == {"lr": "0.25", "epochs": "2", "input_size": '{"width": 32}'}
    assert (whole.info.run_name, whole.info.status, failed.info.status) == ("m", "FINISHED", "FAILED")


def test_a_tracker_that_cannot_begin_is_an_error(monkeypatch: pytest.MonkeyPatch):
    """That can be mended before hours of training."""
    pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nowhere://here")

    with pytest.raises(ResourceError, match=r"tracker 'mlflow' cannot begin: .*nowhere"):
        Trackers(["tensorboard", "mlflow"], tracked(None), print)


def test_wandb_has_the_run_in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Offline, to be sent later."""
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")

    assert track("wandb", tmp_path, POINTS) == []

    (file,) = tmp_path.glob("wandb/offline-run-*/*.wandb")
    assert all(word in file.read_bytes() for word in (b"train/loss", b"val/iou/car", b"input_size"))
