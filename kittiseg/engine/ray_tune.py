"""``search`` on Ray Tune. A trial is a function trial that takes no CPU and runs a training with workers of its own.

Tune does not see what those workers take, so it is told how many trials to run at once. That a trial takes no CPU
matters: where workers take all there are, one that took a hundredth of a CPU would leave one too few for itself.
"""

import json
import logging
import os
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from threading import Event
from types import SimpleNamespace
from typing import Any

from ray import cloudpickle, tune
from ray.tune.progress_reporter import TrialProgressCallback
from ray.tune.schedulers import ASHAScheduler, FIFOScheduler, TrialScheduler
from ray.tune.search import Searcher

from kittiseg.engine.ray_places import free_place
from kittiseg.engine.ray_trial import SCORE, STEP, TOLD, config_of, outcome_of, run_trial, task_of
from kittiseg.engine.search import Halving, SearchPlan, TrialContext, TrialNews, TrialTask
from kittiseg.project.files import Files

_HEAD = "node:__internal_head__"
_QUIET = {
    "RAY_AIR_NEW_OUTPUT": "0",  # the new output prints a table whatever its verbosity
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # which would end a search as if it had come to its end
}


def search(
    trial: Callable[[TrialContext], None],
    tasks: Iterator[TrialTask],
    heard: Callable[[TrialNews], None],
    *,
    plan: SearchPlan,
    cpus: int,
    storage: Files,
    left: Event,
) -> None:
    """As :meth:`kittiseg.engine.Engine.search` says. Tune's own files go to ``storage``.

    ``cpus``: what each worker of a trial takes. When ``left`` is set, it ends at once, and trials stay as they are.
    """
    os.environ.update(_QUIET)
    logging.getLogger("ray.tune").setLevel("CRITICAL")  # we tell of failures ourselves
    listener = _Listener(heard, storage, left)
    run = partial(run_trial, work=cloudpickle.dumps(trial), storage=storage, take=(cpus, plan.workers.gpus))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tune.run(
            run,
            name="tune",
            scheduler=_scheduler(plan.scheduler),
            search_alg=_Tasks(tasks),
            num_samples=-1,
            max_concurrent_trials=plan.at_once,
            resources_per_trial={"CPU": 0, _HEAD: 0.001},
            max_failures=plan.retries,
            raise_on_failed_trial=False,
            callbacks=[listener],
            stop=listener.brake,
            storage_path=storage.root,
            storage_filesystem=None if storage.is_local else storage.filesystem,
            trial_name_creator=_name_of,
            trial_dirname_creator=_name_of,
            verbose=0,
        )
    if listener.error:
        raise listener.error


class _Tasks(Searcher):
    """Gives Tune one task after another."""

    def __init__(self, tasks: Iterator[TrialTask]) -> None:
        super().__init__(metric=SCORE, mode="max")
        self._tasks = tasks

    def suggest(self, trial_id: str) -> Any:
        task = next(self._tasks, None)
        return Searcher.FINISHED if task is None else config_of(task)

    def on_trial_complete(self, trial_id: str, result: Any = None, error: bool = False) -> None:
        """Whoever makes the tasks hears of it elsewhere."""

    def save(self, checkpoint_path: str) -> None:
        """A search is never gone on with by Tune's files."""

    def restore(self, checkpoint_path: str) -> None: ...


def _name_of(trial: Any) -> str:
    return task_of(trial.config).name


def _scheduler(wanted: Halving | None) -> TrialScheduler:
    if wanted is None:
        return FIFOScheduler()
    halving = ASHAScheduler(
        time_attr=STEP,
        metric=SCORE,
        mode="max",
        max_t=max(wanted.most - 1, wanted.grace),  # who has come to the last validation is done anyway
        grace_period=wanted.grace,
        reduction_factor=wanted.factor,
        stop_last_trials=False,
    )
    for number, curve in enumerate(wanted.known):
        ended = SimpleNamespace(trial_id=f"ended before {number}")
        halving.on_trial_add(None, ended)
        for checkpoint, score in curve:
            halving.on_trial_result(None, ended, {STEP: checkpoint, SCORE: score})
    return halving


class _Left(BaseException):
    """Ends Tune's loop; it would tidy up after an Exception, which may take long."""


class _Brake(tune.Stopper):
    """Ends a search before its time. Tune pickles it."""

    pulled = False

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        return False

    def stop_all(self) -> bool:
        return self.pulled


class _Listener(TrialProgressCallback):
    """Tells what Tune does, in the process that asked for the search, and ends it where that went wrong.

    It stands in for the callback that prints results, whatever the verbosity, which Tune would add.
    """

    def __init__(self, heard: Callable[[TrialNews], None], storage: Files, left: Event) -> None:
        self._heard, self._storage, self._left, self.brake = heard, storage, left, _Brake()
        self.error: Exception | None = None

    def on_step_begin(self, iteration: int, trials: Any, **info: Any) -> None:
        if self._left.is_set():
            raise _Left

    def on_trial_start(self, iteration: int, trials: Any, trial: Any, **info: Any) -> None:
        free_place(self._folder(trial))  # that of workers which it had before
        self._tell(trial, "began")

    def on_trial_recover(self, iteration: int, trials: Any, trial: Any, **info: Any) -> None:
        why = self._why(trial)
        free_place(self._folder(trial))
        self._tell(trial, "again", error=why)

    def on_trial_result(self, iteration: int, trials: Any, trial: Any, result: dict[str, Any], **info: Any) -> None:
        facts = json.loads(result[TOLD])
        self._tell(trial, "report", checkpoint=result[STEP], score=result[SCORE], facts=facts)

    def on_trial_complete(self, iteration: int, trials: Any, trial: Any, **info: Any) -> None:
        known, error = outcome_of(self._folder(trial))  # before what its end may still make it write
        free_place(self._folder(trial))
        if error is not None:
            self._tell(trial, "failed", error=str(error))
        else:
            self._tell(trial, "done" if known else "stopped")

    def on_trial_error(self, iteration: int, trials: Any, trial: Any, **info: Any) -> None:
        why = self._why(trial)
        free_place(self._folder(trial))
        self._tell(trial, "failed", error=why)

    def _folder(self, trial: Any) -> Files:
        return self._storage.within(str(trial))

    def _why(self, trial: Any) -> str:
        _, error = outcome_of(self._folder(trial))
        return str(error) if error else "its process died (killed, or no memory?)"

    def _tell(self, trial: Any, kind: Any, **facts: Any) -> None:
        if self.error is None:
            try:
                self._heard(TrialNews(name=str(trial), kind=kind, **facts))
            except Exception as error:  # Tune would take it for one of the trial's
                self.error, self.brake.pulled = error, True
