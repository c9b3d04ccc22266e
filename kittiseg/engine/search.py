"""What :meth:`Engine.search` is given and what it tells: many trials, some of which end early. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from kittiseg.project.files import Files

if TYPE_CHECKING:
    from kittiseg.engine import Engine, Workers

TrialEnd = Literal["done", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class TrialTask:
    """A trial to be run. ``parameters``: as JSON has them."""

    name: str
    parameters: Mapping[str, Any]


class TrialContext(Protocol):
    """What a trial is told, and how it reports. ``engine`` runs on the same cluster, with the trial's share of it."""

    @property
    def name(self) -> str: ...

    @property
    def parameters(self) -> Mapping[str, Any]: ...

    @property
    def engine(self) -> "Engine": ...

    def report(self, checkpoint: int, score: float, facts: Mapping[str, Any]) -> None:
        """A validation: ``checkpoint`` (from 1, ascending) is written, and its score, the higher the better.

        Does not return where the trial is to end here. What was reported before may be reported again.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Halving:
    """Asynchronous successive halving: after ``grace`` validations, and ``factor`` times as many again and again, a
    trial ends that is not among the best 1/``factor`` so far; at most after ``most``.

    ``known``: checkpoints and scores of trials that ended before, one curve each.
    """

    grace: int
    factor: float
    most: int
    known: tuple[tuple[tuple[int, float], ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What each worker of a trial takes; in ``folder`` the workers say where they are, so that it can be freed."""

    cpus: int
    gpus: float
    folder: Files


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPlan:
    """``at_once`` trials at a time, which have ``workers`` each; one that dies is started again ``retries`` times."""

    at_once: int
    workers: "Workers"
    retries: int = 0
    scheduler: Halving | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialNews:
    """What became known of a trial: it ``began`` (again), reported, or has ended.

    ``checkpoint``, ``score`` and ``facts`` are those of a report; ``error`` says why a trial failed, or began again.
    """

    name: str
    kind: Literal["began", "again", "report"] | TrialEnd
    checkpoint: int = 0
    score: float = 0.0
    facts: Mapping[str, Any] | None = None
    error: str | None = None
