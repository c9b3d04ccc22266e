"""Sweeps without Ray: one trial after another, in this process, which may die."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from kittiseg.engine import Engine, WorkerContext, Workers
from kittiseg.engine.in_process import InProcess
from kittiseg.engine.search import SearchPlan, TrialContext, TrialNews, TrialTask
from kittiseg.errors import KittisegError
from kittiseg.project.files import Files
from tests.data.progress import Recorder

Heard = Callable[[TrialNews], None]


class Killed(BaseException):
    """Nobody catches it."""


@dataclass
class Deadly(Recorder):
    """Who tells it this, dies of it."""

    word: str = ""

    def notice(self, text: str) -> None:
        super().notice(text)
        if text == self.word:
            raise Killed


@dataclass(frozen=True)
class OneByOne(InProcess):
    """``InProcess`` that searches, without a scheduler: each trial runs until it returns, on one thread.

    For each but one of ``lives`` a trial is run; after another all is over.
    """

    lives: Iterator[int] = field(default_factory=count)

    def check_search(self) -> None: ...

    def search(
        self,
        trial: Callable[[TrialContext], None],
        tasks: Iterator[TrialTask],
        heard: Heard,
        *,
        plan: SearchPlan,
        storage: Files,
    ) -> None:
        for task in tasks:
            heard(TrialNews(name=task.name, kind="began"))
            try:
                trial(_Context(task.name, task.parameters, self, heard))
            except KittisegError as error:
                heard(TrialNews(name=task.name, kind="failed", error=str(error)))
            else:
                heard(TrialNews(name=task.name, kind="done"))
            if next(self.lives, None) is None:
                raise Killed

    def fit(
        self, loop: Callable[[WorkerContext, Any], None], job: Any, *, workers: Workers, name: str, storage: Files
    ) -> None:
        super().fit(loop, job, workers=replace(workers, cpus=1), name=name, storage=storage)


@dataclass(frozen=True)
class _Context:
    name: str
    parameters: Mapping[str, Any]
    engine: Engine
    heard: Heard

    def report(self, checkpoint: int, score: float, facts: Mapping[str, Any]) -> None:
        self.heard(TrialNews(name=self.name, kind="report", checkpoint=checkpoint, score=score, facts=facts))
