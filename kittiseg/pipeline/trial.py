"""One trial of a sweep: a training with its own parameters. Runs in a process of the cluster."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from kittiseg.config import parse
from kittiseg.engine.search import TrialContext
from kittiseg.pipeline.following import last_checkpoint, validations
from kittiseg.pipeline.run import Run
from kittiseg.pipeline.training import carry_out
from kittiseg.pipeline.trial_projects import shared_project, training_source
from kittiseg.progress import Silent
from kittiseg.project.store import Workspace
from kittiseg.training.alone import LAST_WORDS_S, alone_at
from kittiseg.training.config import TrainConfig
from kittiseg.training.history import read_history
from kittiseg.training.prepare import TrainRequest
from kittiseg.training.scores import score_of
from kittiseg.training.sources import Source
from kittiseg.training.weights import Init
from kittiseg.tuning.space import Space


@dataclass(frozen=True, kw_only=True)
class RunTrial:
    """What all trials of a sweep have in common. ``base``: the project whose pictures all are validated on.

    ``until``: after so many validations each pauses; None where it trains to its end.
    """

    workspace: Workspace
    models: Workspace
    sweep: str
    space: Space
    base: str
    seed: int
    init: Init | None
    until: int | None = None

    def __call__(self, context: TrialContext) -> None:
        """Trains the trial's model on, from its newest checkpoint where it has one."""
        made = self.space.put(context.parameters)
        config = parse(TrainConfig, made.train, source=f"trial {context.name}")
        run = Run(self.workspace, lambda: context.engine, self.seed, Silent())
        source = self._source(run, made.transform, config)
        with alone_at(self.models, context.name, resume=True, wait_s=LAST_WORDS_S):
            is_there = context.name in self.models.models()
            report = _Report(context, config.best_by)
            if is_there:
                self._repeat(context.name, report)
            request = self._request(context.name, source, config)
            carry_out(replace(run, workspace=self.models), request, resume=is_there, told=report)

    def _source(self, run: Run, query: list[Any] | None, config: TrainConfig) -> Source:
        base = self.workspace.project(self.base)
        train = base if query is None else shared_project(run, self.sweep, query, source=self.space.query_file)
        return training_source(train, base, config.dataset_tags)

    def _request(self, name: str, source: Source, config: TrainConfig) -> TrainRequest:
        return TrainRequest(
            source=source, name=name, config=config, init=self.init, projects=self.workspace, until=self.until
        )

    def _repeat(self, name: str, report: "_Report") -> None:
        """Tells what an earlier start has validated: a scheduler that is new may end the trial before workers start."""
        model = self.models.model_files(name)
        for record in validations(read_history(model), until=last_checkpoint(model)):
            report(record)


@dataclass(frozen=True)
class _Report:
    """Tells the search of a validation, where it has the metric."""

    context: TrialContext
    best_by: str

    def __call__(self, record: Mapping[str, Any]) -> None:
        score = score_of(record, record["loss"], self.best_by)
        if score is not None:
            self.context.report(record["checkpoint"], score, {"epoch": record["epoch"]})
