"""Everything in this process, one after another: the reference that every other engine must equal byte for byte."""

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from kittiseg.engine import DeviceKind, Resources, WorkerContext, Workers
from kittiseg.engine.search import SearchPlan, TrialContext, TrialNews, TrialTask
from kittiseg.errors import ResourceError
from kittiseg.project.files import Files

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class _Context:
    device: DeviceKind
    threads: int
    rank: int = 0
    world_size: int = 1

    def report(self, metrics: dict[str, float], checkpoint: str | None = None) -> None:
        """Nobody listens: metrics and checkpoints are in the workspace already."""


@dataclass(frozen=True)
class InProcess:
    """The engine without Ray. ``gpus``: how many CUDA devices this process may use (one of them at a time)."""

    gpus: int = 0

    def resources(self) -> Resources:
        return Resources(cpus=_cpus(), gpus=self.gpus)

    def map(self, function: Callable[[T], R], tasks: Sequence[T], *, name: str) -> Iterator[R]:
        return map(function, tasks)

    def map_with_state(
        self,
        make: Callable[..., Callable[[T], R]],
        arguments: dict[str, Any],
        tasks: Iterable[T],
        *,
        workers: Workers,
        name: str,
        follow: Callable[[R], Iterable[T]] | None = None,
    ) -> Iterator[R]:
        _refuse_many(workers)
        todo: deque[T] = deque()
        work: Callable[[T], R] | None = None
        for task in _with_followers(tasks, todo):
            work = work or make(device=self._device(workers), threads=_threads(workers), **arguments)
            result = work(task)
            todo.extend(follow(result) if follow else ())
            yield result

    def fit(
        self, loop: Callable[[WorkerContext, Any], None], job: Any, *, workers: Workers, name: str, storage: Files
    ) -> None:
        _refuse_many(workers)
        loop(_Context(self._device(workers), _threads(workers)), job)

    def check_search(self) -> None:
        raise ResourceError("a sweep needs Ray: leave out --engine local")

    def search(
        self,
        trial: Callable[[TrialContext], None],
        tasks: Iterator[TrialTask],
        heard: Callable[[TrialNews], None],
        *,
        plan: SearchPlan,
        storage: Files,
    ) -> None:
        self.check_search()

    def observe(self, metrics: Mapping[str, float], **labels: str) -> None:
        """There is no dashboard."""

    def shutdown(self) -> None: ...

    def _device(self, workers: Workers) -> DeviceKind:
        if workers.device == "cuda" and not self.gpus:
            raise ResourceError("a CUDA device was wanted, but this process has none; run where there is one")
        return workers.device


def _refuse_many(workers: Workers) -> None:
    if workers.count > 1:
        raise ResourceError(f"{workers} cannot be had in one process; use --engine ray, or --devices auto")


def _threads(workers: Workers) -> int:
    return workers.cpus or _cpus()


def _cpus() -> int:
    """Those that this process may use: ``taskset``, Slurm and containers may leave it fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _with_followers(tasks: Iterable[T], todo: deque[T]) -> Iterator[T]:
    """The tasks; before each, all that has come into ``todo`` meanwhile, and what comes after the last."""
    for task in tasks:
        while todo:
            yield todo.popleft()
        yield task
    while todo:
        yield todo.popleft()
