"""Where the numbers of a long run go besides: TensorBoard's files, MLflow, Weights & Biases (by Ray's integrations)."""

import json
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol

from kittiseg.errors import ConfigError, Problem, ResourceError

TrackerName = Literal["tensorboard", "mlflow", "wandb"]

Point = tuple[int, Mapping[str, float]]
"""A step, and values by name: ``(10, {"train/loss": 0.5})``."""

_GROUP = "kittiseg"  # MLflow's experiment, W&B's project
_BATCH = 1000  # what MLflow takes at once


@dataclass(frozen=True, kw_only=True)
class Tracked:
    """A run. ``config``: as JSON has it; ``folder``: a local one of its own for files, None where there is none."""

    name: str
    config: Mapping[str, Any]
    folder: str | None


class Tracker(Protocol):
    """Takes the points of one run, steps in ascending order."""

    def log(self, points: Sequence[Point]) -> None: ...

    def close(self, *, failed: bool) -> None: ...


class TensorBoard:
    """Event files in the run's folder ``tensorboard``; nothing where the run has no folder.

    They begin anew with the first point, and a TensorBoard that is watching forgets what it read before.
    """

    def __init__(self, run: Tracked) -> None:
        self._folder = None if run.folder is None else Path(run.folder, "tensorboard")
        self._events: Any = None

    def log(self, points: Sequence[Point]) -> None:
        if self._folder is None:
            return
        from tensorboardX.proto.event_pb2 import Event
        from tensorboardX.proto.summary_pb2 import Summary

        self._events = self._events or _event_file(self._folder)
        for step, values in points:
            scalars = [Summary.Value(tag=name, simple_value=value) for name, value in values.items()]
            self._events.write_event(Event(wall_time=time.time(), step=step, summary=Summary(value=scalars)))
        self._events.flush()

    def close(self, *, failed: bool) -> None:
        if self._events is not None:
            self._events.close()


class MLflow:
    """A run in the experiment $MLFLOW_EXPERIMENT_NAME, or kittiseg, at $MLFLOW_TRACKING_URI."""

    def __init__(self, run: Tracked) -> None:
        from ray.air.integrations.mlflow import setup_mlflow

        self._mlflow: Any = setup_mlflow(
            {key: json.dumps(value) if isinstance(value, dict) else value for key, value in run.config.items()},
            experiment_name=os.environ.get("MLFLOW_EXPERIMENT_NAME", _GROUP),
            create_experiment_if_not_exists=True,
            run_name=run.name,
        )
        self._run = self._mlflow.active_run().info.run_id  # the active run is known to this thread alone

    def log(self, points: Sequence[Point]) -> None:
        make, now = self._mlflow.entities.Metric, round(time.time() * 1000)
        metrics = [make(_allowed(name), value, now, step) for step, values in points for name, value in values.items()]
        for first in range(0, len(metrics), _BATCH):
            self._mlflow.MlflowClient().log_batch(self._run, metrics[first : first + _BATCH])

    def close(self, *, failed: bool) -> None:
        self._mlflow.end_run("FAILED" if failed else "FINISHED")


class WeightsAndBiases:
    """A run in the project $WANDB_PROJECT, or kittiseg; its files in the run's folder, or else in $WANDB_DIR."""

    def __init__(self, run: Tracked) -> None:
        from ray.air.integrations.wandb import setup_wandb

        self._run: Any = setup_wandb(
            dict(run.config),
            project=os.environ.get("WANDB_PROJECT", _GROUP),
            group=run.name,
            name=run.name,
            dir=run.folder,
            resume=None,
            reinit="finish_previous",
        )

    def log(self, points: Sequence[Point]) -> None:
        for step, values in points:
            self._run.log(dict(values), step=step)

    def close(self, *, failed: bool) -> None:
        self._run.finish(exit_code=int(failed))


_TRACKERS: dict[TrackerName, Callable[[Tracked], Tracker]] = {
    "tensorboard": TensorBoard,
    "mlflow": MLflow,
    "wandb": WeightsAndBiases,
}


class Trackers:
    """Several at once, to be used in a ``with`` statement. One that fails is warned of and left off from there on."""

    def __init__(self, names: Sequence[TrackerName], run: Tracked, warn: Callable[[str], None]) -> None:
        """Only one that cannot begin is an error: before the work, that can still be mended."""
        self._warn = warn
        self._open: dict[str, Tracker] = {}
        try:
            for name in names:
                self._open[name] = _begin(name, run)
        except BaseException:
            self._close(failed=True)
            raise

    def log(self, points: Sequence[Point]) -> None:
        if points:
            self._each(lambda tracker: tracker.log(points))

    def __enter__(self) -> "Trackers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close(failed=kind is not None)

    def _close(self, *, failed: bool) -> None:
        self._each(lambda tracker: tracker.close(failed=failed))

    def _each(self, act: Callable[[Tracker], None]) -> None:
        for name, tracker in list(self._open.items()):
            try:
                act(tracker)
            except Exception as error:  # of any kind: a server that is gone, a full disk
                del self._open[name]
                self._warn(f"{name} is told no more: {error}")


def check_trackers(names: Sequence[TrackerName], *, source: str) -> None:
    """ConfigError where one needs a package that is not installed. ``source``: the file that names them."""
    problems = [
        Problem("/trackers", f"'{name}' needs its package: pip install kittiseg[{name}]; or leave it out")
        for name in names
        if name != "tensorboard" and find_spec(name) is None
    ]
    if problems:
        raise ConfigError(source, problems)


def _begin(name: TrackerName, run: Tracked) -> Tracker:
    try:
        return _TRACKERS[name](run)
    except Exception as error:  # of any kind: no server, no key, a version that Ray's integration does not know
        raise ResourceError(
            f"tracker '{name}' cannot begin: {error}; mend that, or leave it out of /trackers"
        ) from None


def _event_file(folder: Path) -> Any:
    """A new one, the only one with anything in it.

    It is written at once: the queue of tensorboardX's SummaryWriter would wait for ever where the disk is full.
    """
    from tensorboardX.event_file_writer import EventsWriter
    from tensorboardX.proto.event_pb2 import Event, SessionLog

    folder.mkdir(exist_ok=True)
    for old in folder.glob("events.out.tfevents.*"):
        old.write_bytes(b"")  # a TensorBoard that is reading one which is removed does not go on to the next
    events = EventsWriter(str(folder / "events"))
    events.write_event(Event(wall_time=time.time(), step=0, session_log=SessionLog(status=SessionLog.START)))
    return events


def _allowed(name: str) -> str:
    """As MLflow's metrics may be called."""
    return re.sub(r"[^/\w.\- :]", "_", name)
