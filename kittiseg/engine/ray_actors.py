"""``map_with_state`` on Ray: a pool of actors that take task after task; and errors that cross over as they are."""

import pickle
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import ray

from kittiseg.engine import DeviceKind
from kittiseg.engine.ray_room import Places, give_back
from kittiseg.engine.ray_watch import Watch
from kittiseg.errors import KittisegError, ResourceError

DEATHS_SURVIVED = 3  # of one worker; after that the work itself is to blame

WAITING = 2  # tasks at each actor, so that none idles until it is given the next


@ray.remote
class StateWorker:
    """Holds what ``make`` made, a network for instance, and gives it one task after another."""

    def __init__(self, recipe: bytes, device: DeviceKind, threads: int) -> None:
        make, arguments = pickle.loads(recipe)
        self._work = caught(partial(make, device=device, threads=threads, **arguments))

    def begin(self) -> Any:
        """The error, if there was one."""
        return self._work if isinstance(self._work, Raised) else None

    def run(self, task: Any) -> Any:
        return caught(self._work, task)


@dataclass(eq=False)
class _Worker:
    """An actor, in the room that is reserved for it. It gets tasks when it is there."""

    group: Any
    actor: Any
    begun: bool = False
    load: int = 0


@dataclass(frozen=True)
class _Task:
    index: int
    task: Any


@dataclass
class Pool:
    """Actors, started as there is work for them, ``count`` at most; ``start`` starts one in a placement group.

    Those for which there is no room do not hold up the others. One that dies is replaced, as is one whose node is lost.
    """

    start: Callable[[Any], Any]
    count: int
    name: str
    places: Places
    watch: Watch
    _workers: list[_Worker] = field(default_factory=list)
    _waiting: deque[_Task] = field(default_factory=deque)
    _running: dict[Any, tuple[_Worker, _Task | None]] = field(default_factory=dict)
    _deaths: Counter[int] = field(default_factory=Counter)

    def map(self, tasks: Iterable[Any], follow: Callable[[Any], Iterable[Any]] | None) -> Iterator[Any]:
        """Results in the order in which tasks were given out. Tasks that ``follow`` from a result come next.

        ``tasks`` are taken as actors become free, so that there may be millions of them.
        """
        todo: deque[Any] = deque()
        source = iter(tasks)
        done: dict[int, Any] = {}
        given = told = 0
        try:
            while True:
                while self._in_hand < WAITING * self.count:
                    task = todo.popleft() if todo else next(source, _NOTHING)
                    if task is _NOTHING:
                        break
                    self._waiting.append(_Task(given, task))
                    given += 1
                if not self._in_hand:
                    return
                self._employ()
                for index, result in self._results():
                    done[index] = result
                    todo.extend(follow(result) if follow else ())
                while told in done:
                    yield done.pop(told)
                    told += 1
        except KeyboardInterrupt:
            self._workers.clear()  # the engine ends now anyway; killed at work they would be reported as dead
            raise
        finally:
            if ray.is_initialized():  # no longer, where the engine was shut down before all was done
                with suppress(ResourceError):  # all is done, or another error is on its way
                    self.watch.until(self._dismiss_all)

    @property
    def _in_hand(self) -> int:
        return len(self._waiting) + sum(task is not None for _, task in self._running.values())

    def _employ(self) -> None:
        """As many workers as there are tasks in hand; tasks for those that are there."""
        while len(self._workers) < min(self.count, self._in_hand):
            group = self.watch.until(self.places.reserve)
            worker = _Worker(group, self.start(group))
            self._workers.append(worker)
            self._running[worker.actor.begin.remote()] = worker, None
        while self._waiting:
            free = [worker for worker in self._workers if worker.begun and worker.load < WAITING]
            if not free:
                return
            worker = min(free, key=lambda worker: worker.load)
            worker.load += 1
            task = self._waiting.popleft()
            self._running[worker.actor.run.remote(task.task)] = worker, task

    def _results(self) -> Iterator[tuple[int, Any]]:
        """What is there next: one result, or none."""
        ready, _ = ray.wait(list(self._running), num_returns=1, timeout=1)
        if not ready:
            self.watch.check()
            if not any(worker.begun for worker in self._workers):
                self.watch.until(partial(self.places.judge, [worker.group for worker in self._workers]))
            return
        worker, task = self._running[ready[0]]
        try:
            result = unwrap(ray.get(ready[0]))
        except (ray.exceptions.RayActorError, ray.exceptions.ObjectLostError) as error:
            self.watch.doubt()
            self._replace(worker, error)
            return
        del self._running[ready[0]]
        self._deaths.pop(task.index if task else _START, None)
        if task is None:
            worker.begun = True
        else:
            worker.load -= 1
            yield task.index, result

    def _replace(self, worker: _Worker, error: Exception) -> None:
        """What it had in hand is done again by others, unless it has died of it too often."""
        lost = {ref: task for ref, (owner, task) in self._running.items() if owner is worker}
        for ref, task in lost.items():
            del self._running[ref]
            self._deaths[task.index if task else _START] += 1
        if max(self._deaths.values()) > DEATHS_SURVIVED:
            raise died(self.name, error) from None
        self._waiting.extendleft(sorted(filter(None, lost.values()), key=lambda task: -task.index))
        self.watch.progress.warn("a worker died; its work is done again")
        self.places.begin()
        self._dismiss(worker)

    def _dismiss_all(self) -> None:
        for worker in list(self._workers):
            self._dismiss(worker)

    def _dismiss(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        ray.kill(worker.actor)
        give_back(worker.group)


_NOTHING = object()
_START = -1  # stands for the start of a worker among the tasks that one may die of


@dataclass(frozen=True)
class Raised:
    """An error as a result."""

    error: Exception


def caught(function: Callable[..., Any], *arguments: Any) -> Any:
    """What the function gives, or its error as a value: Ray would wrap it, print it, and try again."""
    try:
        return function(*arguments)
    except KittisegError as error:
        return Raised(error)
    except Exception as error:
        error.add_note(f"in a worker:\n{traceback.format_exc()}")
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:
            return Raised(RuntimeError(f"{type(error).__name__}: {error}"))
        return Raised(error)


def unwrap(result: Any) -> Any:
    """The result; an error as a result is raised."""
    if isinstance(result, Raised):
        raise result.error
    return result


def died(name: str, error: Exception) -> ResourceError:
    """What a worker's death is told as when it died too often."""
    return ResourceError(
        f"a worker of '{name}' died {DEATHS_SURVIVED + 1} times over the same pictures (no memory?): {error}"
    )
