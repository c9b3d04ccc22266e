"""ENGINE: where work runs. Five verbs over callables; it knows nothing about pictures or networks.

``in_process`` runs everything here, one after another, and is what tests and debugging want. ``on_ray`` runs the same
callables on a Ray cluster, which may be this machine. Results do not depend on which, nor on the number of workers.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from kittiseg.engine.search import SearchPlan, TrialContext, TrialNews, TrialTask
from kittiseg.project.files import Files

T = TypeVar("T")
R = TypeVar("R")

DeviceKind = Literal["cpu", "cuda"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What a cluster has, counted over its nodes."""

    cpus: int
    gpus: int
    nodes: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """How many workers a stage wants, and on what. ``cpus`` is per worker; None shares out all that there are.

    ``gpus``: the share of a GPU that each takes where they are on GPUs.
    """

    count: int
    device: DeviceKind = "cpu"
    cpus: int | None = None
    gpus: float = 1.0

    def __str__(self) -> str:
        return f"{self.count} {'GPU' if self.device == 'cuda' else 'CPU'} worker{'' if self.count == 1 else 's'}"


class WorkerContext(Protocol):
    """What a worker of :meth:`Engine.fit` is told, and how it reports."""

    @property
    def rank(self) -> int: ...

    @property
    def world_size(self) -> int: ...

    @property
    def device(self) -> DeviceKind: ...

    @property
    def threads(self) -> int: ...

    def report(self, metrics: dict[str, float], checkpoint: str | None = None) -> None:
        """Called by every rank equally often. ``checkpoint``: URI of a checkpoint that is already written, whole."""


class Engine(Protocol):
    """Functions and their arguments must be picklable; exceptions come back as they were raised."""

    def resources(self) -> Resources: ...

    def map(self, function: Callable[[T], R], tasks: Sequence[T], *, name: str) -> Iterator[R]:
        """``function`` of each task, each result as soon as it is there; the order is that of the tasks.

        ``name``, the stage and what it is about, is what a dashboard shows.
        """

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
        """Each worker calls ``make(device=, threads=, **arguments)`` once, then what that gave on task after task.

        The results come in the order of the tasks, which are taken one by one as workers become free. A worker that
        dies is replaced and its task done again. ``follow``: from a result, the tasks to be done next because of it.
        """

    def fit(
        self, loop: Callable[[WorkerContext, Any], None], job: Any, *, workers: Workers, name: str, storage: Files
    ) -> None:
        """Runs ``loop(context, job)`` in every worker of one group that can talk to one another (torch.distributed).

        A worker's death restarts the group, so ``loop`` begins with the last checkpoint that it finds itself.
        ``storage`` is a folder that the engine may use and that all nodes see; whoever calls removes it.
        """

    def check_search(self) -> None:
        """ResourceError where this engine has no :meth:`search`."""

    def search(
        self,
        trial: Callable[[TrialContext], None],
        tasks: Iterator[TrialTask],
        heard: Callable[[TrialNews], None],
        *,
        plan: SearchPlan,
        storage: Files,
    ) -> None:
        """Runs ``trial`` of each task, some at once; ``heard`` is told here of all that becomes of them.

        A trial that dies is started again; one whose own error the user can mend has failed, and the search goes on.
        ``tasks`` are taken one by one as there is room, so that later ones may hang on what was heard of earlier ones.
        ``storage`` as in :meth:`fit`.
        """

    def observe(self, metrics: Mapping[str, float], **labels: str) -> None:
        """The newest values by name, for the dashboard, if the engine has one; it forgets what is not told again."""

    def shutdown(self) -> None: ...
