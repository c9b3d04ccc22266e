"""What a sweep would be, before one trial has run."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from kittiseg.errors import ResourceError
from kittiseg.pipeline.run import Run
from kittiseg.pipeline.sweep_request import TuneOptions, check_request, find_room
from kittiseg.tuning.trials import trial_id


@dataclass(frozen=True, kw_only=True)
class SweepPlan:
    """``trials``: the parameters of each, as far as they do not depend on how others go.

    ``count``: how many trials there will be. ``over``: those of a sweep that goes on which are not run again, by id.
    ``at_once``: how many of the others run at the same time, with ``workers`` each.
    """

    config: str
    searcher: str
    metric: str
    parameters: tuple[str, ...]
    trials: tuple[Mapping[str, Any], ...]
    count: int
    at_once: int
    workers: str
    over: tuple[str, ...] = ()

    @property
    def left(self) -> tuple[str, ...]:
        """The ids of the trials that are to be run, or run on."""
        return tuple(one for one in map(trial_id, range(self.count)) if one not in self.over)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def plan_tune(run: Run, options: TuneOptions) -> SweepPlan:
    """Reads and checks all that the sweep would, and draws its trials; nothing is trained or written.

    An engine that cannot search is warned of.
    """
    request = check_request(run, options)
    space, room = request.space, find_room(run, request.space)
    if len(request.over) < request.count:
        _warn_of_engine(run)
    return SweepPlan(
        config=str(options.config),
        searcher=space.config.searcher.name,
        metric=space.config.metric,
        parameters=space.names,
        trials=tuple(trial.parameters for trial in request.trials),
        count=request.count,
        at_once=min(room.at_once, request.count - len(request.over)),
        workers=str(room.workers),
        over=request.over,
    )


def _warn_of_engine(run: Run) -> None:
    try:
        run.engine.check_search()
    except ResourceError as error:
        run.progress.warn(f"only shown, and not to be run like this: {error}")
