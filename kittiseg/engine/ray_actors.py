"""``map_with_state`` on Ray: a pool of actors that take task after task; and errors that cross over as they are."""

import pickle
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import ray

from kittiseg.engine import DeviceKind
from kittiseg.errors import KittisegError, ResourceError

DEATHS_SURVIVED = 3  # of one worker; after that the work itself is to blame

WAITING = 2  # tasks at each actor, so that none idles until it is given the next


@ray.remote
class StateWorker:
    """Holds what ``make`` made, a network for instance, and gives it one task after another."""

    def __init__(self, recipe: bytes, device: DeviceKind, threads: int) -> None:
        make, arguments = pickle.loads(recipe)
        self._work = caught(partial(make, device=device, threads=threads, **arguments))

    def run(self, task: Any) -> Any:
        return self._work if isinstance(self._work, Raised) else caught(self._work, task)


@dataclass
class Pool:
    """Actors, started as there is work for them, ``count`` at most; ``start`` starts one."""

    start: Callable[[], Any]
    count: int
    name: str

    def map(self, tasks: Iterable[Any], follow: Callable[[Any], Iterable[Any]] | None) -> Iterator[Any]:
        """Results in the order in which tasks were given out. Tasks that ``follow`` from a result come next.

        ``tasks`` are taken as actors become free, so that there may be millions of them.
        """
        todo: deque[Any] = deque()
        source = iter(tasks)
        running: dict[Any, tuple[int, Any]] = {}
        done: dict[int, Any] = {}
        given = told = 0
        actors: list[Any] = []
        load: dict[Any, int] = {}
        try:
            while True:
                while len(running) < WAITING * self.count:
                    task = todo.popleft() if todo else next(source, _NOTHING)
                    if task is _NOTHING:
                        break
                    if len(actors) < self.count:
                        actors.append(self.start())
                        load[actors[-1]] = 0
                    actor = min(actors, key=load.__getitem__)
                    load[actor] += 1
                    running[actor.run.remote(task)] = (given, actor)
                    given += 1
                if not running:
                    return
                (ready,), _ = ray.wait(list(running), num_returns=1)
                index, actor = running.pop(ready)
                load[actor] -= 1
                done[index] = unwrap(ray.get(ready))
                todo.extend(follow(done[index]) if follow else ())
                while told in done:
                    yield done.pop(told)
                    told += 1
        except ray.exceptions.RayActorError as error:
            raise died(self.name, error) from None
        except KeyboardInterrupt:
            actors.clear()  # the engine ends now anyway; killed with work before them they would be reported as dead
            raise
        finally:
            if ray.is_initialized():  # no longer, where the engine was shut down before all was done
                for actor in actors:
                    ray.kill(actor)


_NOTHING = object()


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
