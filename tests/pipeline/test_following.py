import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kittiseg.engine.trackers import Tracked, Trackers
from kittiseg.pipeline.following import Follower
from kittiseg.pipeline.metering import Metered
from kittiseg.project.store import Workspace
from kittiseg.training.history import append_history, cut_history
from kittiseg.training.prepare import TrainJob
from kittiseg.training.run_record import add_session
from tests.data.events import steps_of
from tests.data.histories import history_of
from tests.data.progress import Dashboard, Recorder
from tests.data.training import tiny_job

STEPS = 20
HISTORY = history_of(4)
"""20 steps, 4 checkpoints in 2 epochs."""
SESSION = {"steps": STEPS, "samples": {"train": 2280, "val": 120}, "samples_in": "memory", "samples_mb": 629.1}


class Watched:
    """A training that never was, and who follows it."""

    def __init__(self, job: TrainJob, folder: Path) -> None:
        self.model, self.progress, self.dashboard = job.model, Recorder(), Dashboard()
        self.metered = Metered(self.progress, self.dashboard.observe, "train", {"model": "m"})
        self.trackers = Trackers(["tensorboard"], Tracked(name="m", config={}, folder=str(folder)), self.progress.warn)
        self.told: list[int] = []
        self.follower = Follower(job, self.metered, self.trackers, self._hear)

    def _hear(self, record: dict[str, Any]) -> None:
        self.told.append(record["checkpoint"])

    def begin(self, *, resumed_from: int = 0) -> None:
        """As the workers do."""
        cut_history(self.model, step=resumed_from * 5, checkpoint=resumed_from)
        add_session(self.model, {**SESSION, "resumed_from": resumed_from})

    def go_on(self, *, until: int) -> None:
        """From the last record of the history to this step, and a look."""
        done = len(self.model.read("history.jsonl").splitlines())
        append_history(self.model, [record for record in HISTORY[done:] if record["step"] <= until])
        self.follower.look()


@pytest.fixture
def watched(workspace: Workspace, tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tiny_job(workspace), tmp_path)
    with watched.trackers:
        yield watched


def test_the_bar_has_epoch_loss_iou_speed_and_memory(watched: Watched):
    """The IoU is that of the last validation."""
    watched.begin()
    watched.go_on(until=4)
    watched.go_on(until=13)

    assert watched.progress.bars == [("train", STEPS, 13)]
    assert watched.progress.notes[3] == "epoch 0.4/2, loss 0.2500, 12.5 pictures/s, 1.9 GB"
    assert watched.progress.notes[-1] == "epoch 1.3/2, loss 0.0769, IoU 0.6667, 12.5 pictures/s, 1.9 GB"


def test_a_validation_is_told_once_when_its_checkpoint_is_written(watched: Watched):
    """Whoever hears of it may go on from there."""
    watched.begin()
    watched.model.make_folder("checkpoints/00000001")
    watched.go_on(until=12)
    assert watched.told == [1]

    watched.model.make_folder("checkpoints/00000002")
    watched.go_on(until=13)

    assert watched.told == [1, 2]


def test_a_validation_is_a_line_with_the_time_left(watched: Watched):
    """None is left after the last step."""
    watched.begin()
    watched.go_on(until=STEPS)

    pictures, first, *_, last = watched.progress.notices
    assert pictures == "2280 + 120 pictures to train and validate on, 629 MB, in memory"
    scores = "checkpoint 1, epoch 0.50: loss 0.5000, IoU bg 0.9500, vehicle 0.5000, 12.5 pictures/s, 1.9 GB"
    assert re.fullmatch(re.escape(scores) + r", \d:\d\d:\d\d left", first)
    assert last.endswith("1.9 GB")


def test_many_classes_are_one_number(watched: Watched):
    """Nineteen would fill several lines; those that occur nowhere are not counted."""
    ious = {f"class {place}": 0.5 for place in range(5)} | {"nowhere": None}
    watched.begin()
    append_history(watched.model, [{**HISTORY[5], "iou": ious, "mean_iou": 0.5}])
    watched.follower.look()

    assert watched.progress.notices[-1].startswith(
        "checkpoint 1, epoch 0.50: loss 0.5000, mean IoU 0.5000 of 5 classes"
    )


def test_what_an_earlier_version_wrote_is_shown_without_memory(watched: Watched):
    """Its steps have none."""
    watched.begin()
    append_history(watched.model, [{key: value for key, value in HISTORY[0].items() if key != "memory_mb"}])
    watched.follower.look()

    assert watched.progress.notes == ["epoch 0.1/2, loss 1.0000, 12.5 pictures/s"]


def test_a_resumed_training_tells_what_is_new(workspace: Workspace, tmp_path: Path):
    """The bar goes on from where it was; TensorBoard has all of it, as it needs nothing but the files."""
    job = tiny_job(workspace)
    append_history(job.model, HISTORY[:13])
    add_session(job.model, {**SESSION, "resumed_from": 0})
    watched = Watched(job, tmp_path)
    watched.follower.look()
    assert watched.progress.bars == []

    watched.begin(resumed_from=2)
    watched.go_on(until=15)

    assert watched.progress.bars == [("train", STEPS, 15)]
    assert [notice[:12] for notice in watched.progress.notices] == ["2280 + 120 p", "checkpoint 3"]
    assert "IoU 0.6667" in watched.progress.notes[0]
    assert steps_of(tmp_path / "tensorboard", "train/loss") == list(range(1, 16))


def test_a_dead_worker_s_steps_are_tracked_once(watched: Watched, tmp_path: Path):
    """The bar goes back with the training, and a warning says so."""
    watched.begin()
    watched.go_on(until=8)
    watched.begin(resumed_from=1)
    watched.go_on(until=10)

    assert watched.progress.warnings == ["a worker died; the training goes on from checkpoint 1"]
    assert watched.progress.bars == [("train", STEPS, 8), ("train", STEPS, 10)]
    assert steps_of(tmp_path / "tensorboard", "train/loss") == list(range(1, 11))
    assert steps_of(tmp_path / "tensorboard", "val/iou/vehicle") == [5, 10]


def test_a_dashboard_has_the_newest_values(watched: Watched):
    """Of the last step and of the last validation, and how far the training is."""
    watched.begin()
    watched.go_on(until=10)
    watched.metered.finish()

    assert watched.dashboard.labels == {"model": "m"}
    assert watched.dashboard.shown.pop("kittiseg_train_steps_per_second") > 0
    assert watched.dashboard.shown == {
        "kittiseg_train_steps": 10,
        "kittiseg_train_progress": 0.5,
        "kittiseg_train_loss": 0.1,
        "kittiseg_train_val_loss": 0.4,
        "kittiseg_train_iou": pytest.approx(2 / 3),
        "kittiseg_train_pictures_per_second": 12.5,
    }
