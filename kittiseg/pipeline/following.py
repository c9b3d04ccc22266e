"""What a training writes into its model's folder, told while it runs: to a person, to trackers, to a dashboard."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from kittiseg.config import to_json
from kittiseg.engine.trackers import Point, Tracked, Trackers
from kittiseg.errors import KittisegError
from kittiseg.pipeline.metering import Metered
from kittiseg.project.store import Files
from kittiseg.training.checkpoints import checkpoint_folders
from kittiseg.training.history import flat, read_history
from kittiseg.training.prepare import TrainJob
from kittiseg.training.run_record import read_run
from kittiseg.training.scores import FEW_CLASSES

_PLACE = ("kind", "step", "checkpoint")  # of a record; the rest are numbers


@contextmanager
def followed(
    job: TrainJob, name: str, progress: Metered, told: Callable[[dict[str, Any]], None] | None = None
) -> Iterator[None]:
    """Follows the training of model ``name`` wherever its workers are: they need only share the model's folder.

    ``told`` is given the record of each validation that comes from now on, when its checkpoint can be read.
    """
    settings = job.config.settings
    with (
        _local_folder(job.model, progress) as folder,
        Trackers(
            settings.trackers, Tracked(name=name, config=to_json(settings), folder=folder), progress.warn
        ) as trackers,
    ):
        follower = Follower(job, progress, trackers, told)
        stop = threading.Event()

        def follow() -> None:
            pause = 0.5
            while not stop.wait(pause):
                began = time.perf_counter()
                follower.look()
                pause = max(0.5, 10 * (time.perf_counter() - began))  # a long history takes its time to read

        thread = threading.Thread(target=follow, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
            follower.look()
            progress.finish()


@contextmanager
def _local_folder(model: Files, progress: Metered) -> Iterator[str]:
    """For the files of trackers; where the model lies in a store, TensorBoard's are put there in the end."""
    if model.is_local:
        yield model.root
        return
    with TemporaryDirectory(prefix="kittiseg-trackers-") as folder:
        try:
            yield folder
        finally:
            found = sorted(Path(folder, "tensorboard").glob("*"))
            try:
                if found:
                    model.remove("tensorboard")
                for path in found:
                    model.write(f"tensorboard/{path.name}", path.read_bytes())
            except KittisegError as error:  # no reason to lose the training, or the error that is on its way out
                progress.warn(f"TensorBoard's files are lost: {error}")


class Follower:
    """Turns new lines of history.jsonl into a progress bar, a line per validation, points and metrics."""

    def __init__(
        self,
        job: TrainJob,
        progress: Metered,
        trackers: Trackers,
        told: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self._model, self._epochs = job.model, job.config.settings.epochs
        self._progress, self._trackers = progress, trackers
        self._sessions = len(read_run(job.model)["sessions"])  # what an earlier start wrote is no news
        self._shown: _Shown | None = None
        self._tracked = _Place()
        self._told, self._validated = told, _Place(checkpoint=last_checkpoint(job.model) if told else 0)

    def look(self) -> None:
        """Tells what is new. What cannot be read now is told the next time: it is only a display."""
        with suppress(KittisegError, OSError):
            sessions = read_run(self._model)["sessions"]
            history = read_history(self._model)
            if len(sessions) > self._sessions:
                self._sessions = len(sessions)
                self._begin(sessions[-1], history)
            if self._shown is not None:
                self._shown.tell(history)
                points = [_point(record) for record in self._tracked.pass_by(history)]
                self._trackers.log(points)  # may wait for a server
                self._tell_validations(history)

    def _tell_validations(self, history: list[dict[str, Any]]) -> None:
        if self._told is not None:
            for record in self._validated.pass_by(validations(history, until=last_checkpoint(self._model))):
                self._told(record)

    def _begin(self, session: dict[str, Any], history: list[dict[str, Any]]) -> None:
        """The workers have begun, or begun anew after one had died; they have cut the history accordingly.

        Trackers know what was cut, and are not told again what is the same or nearly so.
        """
        resumed_from = session["resumed_from"]
        if self._shown is not None:
            place = f"checkpoint {resumed_from}" if resumed_from else "the start"
            self._progress.warn(f"a worker died; the training goes on from {place}")
        else:
            self._progress.notice(_pictures(session))
            for text in session.get("warnings", ()):
                self._progress.warn(text)
        self._shown = _Shown(self._progress, history, resumed_from, steps=session["steps"], epochs=self._epochs)


def validations(history: list[dict[str, Any]], *, until: int) -> list[dict[str, Any]]:
    """The records of the validations up to a checkpoint."""
    return [record for record in history if record["kind"] == "val" and record["checkpoint"] <= until]


def last_checkpoint(model: Files) -> int:
    """The number of the newest that is written, 0 where there is none."""
    return max(map(int, checkpoint_folders(model)), default=0)


class _Place:
    """How far a history was read: to which step, and to the validation of which checkpoint."""

    def __init__(self, *, checkpoint: int = 0) -> None:
        self._last = {"train": 0, "val": checkpoint}

    def pass_by(self, history: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The records after this place, which moves on to the last of them."""
        news = [record for record in history if _number(record) > self._last[record["kind"]]]
        self._last |= {record["kind"]: _number(record) for record in news}
        return news


class _Shown:
    """One start of the workers, as a person sees it, and a dashboard."""

    def __init__(
        self, progress: Metered, history: list[dict[str, Any]], resumed_from: int, *, steps: int, epochs: int
    ) -> None:
        self._progress, self._steps, self._epochs = progress, steps, epochs
        self._place = _Place(checkpoint=resumed_from)
        self._val = next((r for r in history if r["kind"] == "val" and r["checkpoint"] == resumed_from), None)
        self._train: dict[str, Any] | None = None
        self._first, self._began = self._val["step"] if self._val else 0, time.perf_counter()
        progress.start("train", steps, "steps")

    def tell(self, history: list[dict[str, Any]]) -> None:
        for record in self._place.pass_by(history):
            if record["kind"] == "train":
                self._train = record
                self._show(loss=record["loss"], pictures_per_second=record["samples_per_s"])
                self._progress.advance(note=self._note(record))
            else:
                self._val = record
                self._show(val_loss=record["loss"], iou=record["mean_iou"])
                self._show(whole_iou=record.get("whole", {}).get("mean_iou"))
                self._progress.notice(self._line(record))

    def _show(self, **values: float | None) -> None:
        self._progress.show(**{name: value for name, value in values.items() if value is not None})

    def _note(self, record: dict[str, Any]) -> str:
        """By the bar."""
        words = [f"epoch {record['epoch']:.1f}/{self._epochs}", f"loss {record['loss']:.4f}"]
        if self._val and self._val["mean_iou"] is not None:
            words.append(f"IoU {self._val['mean_iou']:.4f}")
        return ", ".join([*words, *self._speed()])

    def _line(self, record: dict[str, Any]) -> str:
        """Of a validation."""
        place = f"checkpoint {record['checkpoint']}, epoch {record['epoch']:.2f}"
        words = [f"loss {record['loss']:.4f}", *_ious(record)]
        whole = record.get("whole", {}).get("mean_iou")
        if whole is not None:
            words.append(f"whole pictures: mean IoU {whole:.4f}")
        return f"{place}: {', '.join([*words, *self._speed(), *self._left(record)])}"

    def _speed(self) -> list[str]:
        if self._train is None:
            return []
        memory = self._train.get("memory_mb")  # histories of earlier versions have none
        rate = f"{self._train['samples_per_s']:.1f} pictures/s"
        return [rate] if memory is None else [rate, f"{memory / 1000:.1f} GB"]

    def _left(self, record: dict[str, Any]) -> list[str]:
        """The time for the steps that are left, if they take as long as those since the workers began."""
        done, left = record["step"] - self._first, self._steps - record["step"]
        if done <= 0 or left <= 0:
            return []
        seconds = (time.perf_counter() - self._began) * left / done
        return [f"{timedelta(seconds=round(seconds))} left"]


def _ious(record: dict[str, Any]) -> list[str]:
    """Of each class that occurs; of many classes the mean, so that the line stays one."""
    known = {name: value for name, value in record["iou"].items() if value is not None}
    if len(known) > FEW_CLASSES:
        return [f"mean IoU {record['mean_iou']:.4f} of {len(known)} classes"]
    return [f"IoU {', '.join(f'{name} {value:.4f}' for name, value in known.items())}"] if known else []


_WHERE = {"device": "in the memory of the device", "memory": "in memory", "stream": "read from the disk as needed"}


def _pictures(session: dict[str, Any]) -> str:
    """How many there are, and where."""
    counts, where = session["samples"], _WHERE[session["samples_in"]]
    pictures = f"{counts['train']} + {counts['val']} pictures to train and validate on"
    return f"{pictures}, {session['samples_mb']:.0f} MB, {where}"


def _number(record: dict[str, Any]) -> int:
    return record["checkpoint" if record["kind"] == "val" else "step"]


def _point(record: dict[str, Any]) -> Point:
    values = flat({name: value for name, value in record.items() if name not in _PLACE})
    return record["step"], {f"{record['kind']}/{name}": value for name, value in values.items()}
