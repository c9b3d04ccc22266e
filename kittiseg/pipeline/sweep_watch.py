"""The trials of a sweep while it runs: which come next, and what became of each, written down as it is heard."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import chain

from kittiseg.engine.search import TrialNews, TrialTask
from kittiseg.errors import KittisegError
from kittiseg.pipeline.metering import Metered
from kittiseg.training.checkpoints import list_checkpoints
from kittiseg.training.run_record import is_paused
from kittiseg.training.scores import score_of
from kittiseg.tuning.config import TRIALS, OptunaSearch
from kittiseg.tuning.documents import trial_project
from kittiseg.tuning.population import TakeOver
from kittiseg.tuning.searchers import searcher_of
from kittiseg.tuning.trials import Sweep, Trial, best_of, trial_id


class SweepWatch:
    """Writes trial.json of each trial, tells the searcher of those that are over, and a person.

    ``total``: how many trials there are or will be.
    """

    def __init__(self, sweep: Sweep, progress: Metered) -> None:
        self._sweep, self._progress = sweep, progress
        self._searcher = searcher_of(sweep.space)
        self._trials = {trial.id: trial for trial in sweep.trials()}
        self._began: dict[str, float] = {}
        for trial in self._trials.values():
            self._searcher.tell(trial)
        self._new = self._new_trials()
        if isinstance(sweep.space.config.searcher, OptunaSearch):
            self.total = max(len(self._trials), sweep.space.config.trials or TRIALS)
        else:  # all can be known before the first has ended
            deque(self._new, maxlen=0)
            self.total = len(self._trials)
        self.over = sum(trial.is_over for trial in self._trials.values())

    def tasks(self) -> Iterator[TrialTask]:
        """Trials that are not over, then new ones."""
        left = [trial for trial in self._trials.values() if not trial.is_over]
        for trial in chain(left, self._new):
            yield TrialTask(trial.id, trial.parameters)

    def take_over(self, taken: TakeOver, generation: int) -> None:
        """Writes down, once, that a trial goes on from another; what it was and had learnt itself is forgotten."""
        trial = self._trials[taken.trial]
        origin = {"trial": taken.other, "checkpoint": taken.checkpoint, "generation": generation}
        if trial.origin != origin:
            past = self._trials[taken.other].stages(taken.checkpoint)
            changed = replace(trial, parameters=taken.parameters, origin=origin, past=past)
            self._write(replace(changed, metric=None, checkpoint=None, curve=()))
            place = f"checkpoint {taken.checkpoint} of trial {taken.other}"
            self._progress.notice(f"generation {generation}: trial {trial.id} goes on from {place}")

    def hear(self, news: TrialNews) -> None:
        trial = self._trials[news.name]
        if news.kind == "began":
            self._began[trial.id] = time.monotonic()
            self._write(replace(trial, status="running", project=self._project(trial)))
        elif news.kind == "report":
            self._write(self._with_validation(trial, news))
            self._progress.advance(0, self._note(self._trials[trial.id], self._natural(news.score)))
        elif news.kind == "again":
            self._write(replace(trial, retries=trial.retries + 1, seconds=self._seconds(trial)))
            self._progress.warn(f"trial {trial.id} goes on from its last checkpoint: {news.error}")
        elif news.kind == "done" and is_paused(self._sweep.models.files.within(f"models/{trial.id}")):
            self._write(replace(trial, seconds=self._seconds(trial)))
        else:
            self._end(replace(trial, status=news.kind, error=news.error, seconds=self._seconds(trial)))

    def _new_trials(self) -> Iterator[Trial]:
        number = len(self._trials)
        while (parameters := self._searcher.ask(number)) is not None:
            trial = Trial(id=trial_id(number), parameters=parameters)
            self._write(trial)
            yield trial
            number += 1

    def _end(self, trial: Trial) -> None:
        trial = self._as_kept(trial)
        self._write(trial)
        self._searcher.tell(trial)
        self._remove_work(trial.id)
        name = self._sweep.space.config.metric
        score = "no validation" if trial.metric is None else f"{name} {trial.metric:.4f}"
        self._progress.notice(f"trial {trial.id} {trial.status}: {trial.error or score}")
        self._progress.advance()
        if best := best_of(list(self._trials.values()), self._sweep.space.config.mode):
            self._progress.show(best=best.metric or 0.0)

    def _note(self, trial: Trial, metric: float) -> str:
        """By the bar, of a trial's newest validation."""
        best = best_of(list(self._trials.values()), self._sweep.space.config.mode)
        known = f"; best {best.metric:.4f} of {best.id}" if best else ""
        return f"trial {trial.id} at epoch {trial.epoch:.1f}: {self._sweep.space.config.metric} {metric:.4f}{known}"

    def _as_kept(self, trial: Trial) -> Trial:
        """With the metric of the best checkpoint that is there, which is what a model can be made of."""
        metric = self._sweep.space.config.metric
        with suppress(KittisegError):
            best = list_checkpoints(self._sweep.models.model_files(trial.id)).best
            score = score_of(best.state.metrics, best.loss, metric)
            if score is not None:
                return replace(trial, metric=self._natural(score), checkpoint=best.number)
        return trial

    def _with_validation(self, trial: Trial, news: TrialNews) -> Trial:
        assert news.facts is not None, "a report says at which epoch it is"
        epoch, metric = news.facts["epoch"], self._natural(news.score)
        curve = [*(point for point in trial.curve if point[0] is not None and point[0] < epoch), [epoch, metric]]
        is_best = trial.metric is None or news.score > self._natural(trial.metric)
        trial = replace(trial, metric=metric, checkpoint=news.checkpoint) if is_best else trial
        return replace(trial, curve=curve, epoch=epoch)

    def _natural(self, score: float) -> float:
        """A score, the higher the better, as the metric is written; and back again."""
        return -score if self._sweep.space.config.mode == "min" else score

    def _project(self, trial: Trial) -> str | None:
        query = self._sweep.space.put(trial.parameters).transform
        return self._sweep.space.config.project if query is None else trial_project(self._sweep.name, query)

    def _seconds(self, trial: Trial) -> float:
        began = self._began.pop(trial.id, time.monotonic())
        return round((trial.seconds or 0) + time.monotonic() - began, 3)

    def _remove_work(self, id: str) -> None:  # noqa: A002, it is called so in the file
        """What a trial that was stopped has left beside its model; who still reads it may go on."""
        for kind in ("samples", "engine"):
            with suppress(KittisegError):
                self._sweep.files.remove(f"models/.{id}.{kind}")

    def _write(self, trial: Trial) -> None:
        self._trials[trial.id] = trial
        self._sweep.write(trial)
