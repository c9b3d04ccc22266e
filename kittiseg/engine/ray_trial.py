"""A trial of a search, in its own process: what Ray Tune's config says, what it is told, and how it ends."""

import json
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from ray import tune

from kittiseg.engine import Engine
from kittiseg.engine.cluster import prepare_environment
from kittiseg.engine.on_ray import OnRay
from kittiseg.engine.ray_places import begin
from kittiseg.engine.search import Share, TrialTask
from kittiseg.errors import KittisegError, LostWorkersError
from kittiseg.project.files import Files

TOLD, SCORE, STEP = "told", "score", "checkpoint"
_OUTCOME = "outcome.json"


def config_of(task: TrialTask) -> dict[str, str]:
    """As text: Tune looks for search spaces in what it is given, and has its own ideas of ``/``."""
    return {"task": json.dumps([task.name, dict(task.parameters)])}


def task_of(config: Mapping[str, str]) -> TrialTask:
    return TrialTask(*json.loads(config["task"]))


@dataclass(frozen=True)
class _Context:
    name: str
    parameters: Mapping[str, Any]
    engine: Engine
    stopped: Event = field(default_factory=Event)

    def report(self, checkpoint: int, score: float, facts: Mapping[str, Any]) -> None:
        try:
            tune.report({STEP: checkpoint, SCORE: score, TOLD: json.dumps(dict(facts))})
        except SystemExit:  # so Tune ends whoever reports; the trial's process follows
            self.stopped.set()
            raise


def run_trial(config: dict[str, str], *, work: bytes, storage: Files, take: tuple[int, float]) -> None:
    """In the trial's process. What it ends with is put down in a file: Tune would print an error, and try it again."""
    prepare_environment()
    task = task_of(config)
    folder = storage.within(task.name)
    folder.remove(_OUTCOME)
    begin(folder)
    cpus, gpus = take
    engine = OnRay(Share(cpus=cpus, gpus=gpus, folder=folder))
    context = _Context(task.name, task.parameters, engine)
    try:
        pickle.loads(work)(context)
    except Exception as error:
        if context.stopped.is_set():  # an echo of its workers' end; the trial may have begun again by now
            return
        _put_down(folder, error)
        if not isinstance(error, KittisegError) or isinstance(error, LostWorkersError):
            raise
    else:
        _put_down(folder, None)


def _put_down(folder: Files, error: Exception | None) -> None:
    text = None if error is None else str(error) or type(error).__name__
    folder.replace(_OUTCOME, json.dumps({"error": text}).encode())


def outcome_of(folder: Files) -> tuple[bool, str | None]:
    """Whether the trial came to an end by itself, and its error if it was one."""
    return (True, folder.read_json(_OUTCOME)["error"]) if folder.exists(_OUTCOME) else (False, None)
