"""What a sweep would be, before one trial has run."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from kittiseg.config import parse
from kittiseg.engine import Workers
from kittiseg.engine.devices import groups_at_once
from kittiseg.errors import ConfigError
from kittiseg.pipeline.run import Run
from kittiseg.training.config import TrainConfig
from kittiseg.training.devices import plan_devices
from kittiseg.tuning.config import TRIALS, OptunaSearch
from kittiseg.tuning.reading import read_space
from kittiseg.tuning.searchers import searcher_of
from kittiseg.tuning.space import Space


@dataclass(frozen=True, kw_only=True)
class SweepPlan:
    """``trials``: the parameters of each, as far as they do not depend on how others go.

    ``count``: how many trials there will be. ``at_once``: how many of them run at the same time, with ``workers`` each.
    """

    config: str
    searcher: str
    metric: str
    parameters: tuple[str, ...]
    trials: tuple[Mapping[str, Any], ...]
    count: int
    at_once: int
    workers: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def plan_tune(run: Run, config: Path) -> SweepPlan:
    """Reads and checks the sweep config with its files, and draws its trials; nothing is trained or written."""
    space = read_space(config)
    chosen = space.config.searcher
    searcher = searcher_of(space)
    trials: list[Mapping[str, Any]] = []
    if not isinstance(chosen, OptunaSearch):
        while (drawn := searcher.ask(len(trials))) is not None:
            trials.append(drawn)
    total = (space.config.trials or TRIALS) if isinstance(chosen, OptunaSearch) else len(trials)
    workers = trial_workers(run, space)
    return SweepPlan(
        config=str(config),
        searcher=chosen.name,
        metric=space.config.metric,
        parameters=space.names,
        trials=tuple(trials),
        count=total,
        at_once=min(trials_at_once(run, space), total),
        workers=str(workers),
    )


def trial_workers(run: Run, space: Space) -> Workers:
    """What each trial trains on. ResourceError where the cluster has not got it.

    ConfigError where a trial's workers would have shares of a GPU: they might get the same one, which NCCL refuses.
    """
    config = parse(TrainConfig, space.base.train, source=space.source)
    workers = replace(plan_devices(config, run.engine.resources()).workers, gpus=space.config.gpus_per_worker)
    if workers.device == "cuda" and workers.count > 1 and workers.gpus < 1:
        raise ConfigError(
            f"{space.source}: gpus_per_worker is {workers.gpus:g}, but each trial has {workers}, and those of one "
            'training cannot share a GPU; let each have one worker ("fixed": {"train:/gpu_devices": [0]}), or whole '
            'GPUs ("gpus_per_worker": 1)'
        )
    return workers


def trials_at_once(run: Run, space: Space) -> int:
    """For how many trials the cluster has room, or as many as the config says where these are fewer."""
    room = groups_at_once(run.engine.resources(), trial_workers(run, space))
    return room if space.config.at_once is None else min(room, space.config.at_once)
