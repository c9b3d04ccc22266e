from pathlib import Path
from typing import Any

import pytest

from kittiseg.engine.search import TrialNews
from kittiseg.pipeline.metering import Metered
from kittiseg.pipeline.sweep_watch import SweepWatch
from kittiseg.project.store import Workspace
from kittiseg.training.run_record import PAUSED, write_run
from kittiseg.tuning.population import TakeOver
from kittiseg.tuning.trials import Sweep
from tests.data.progress import Dashboard, Recorder
from tests.data.spaces import LR, space_of

RATES = {LR: {"choice": [0.1, 0.2, 0.3]}}


def sweep_in(workspace: Workspace, folder: Path, **fields: Any) -> Sweep:
    space = space_of(folder, RATES, **{"searcher": {"name": "grid"}, "project": "p", "transform": None, **fields})
    return Sweep.begin(workspace, "s", space)


def news(kind: Any, name: str = "0000", **fields: Any) -> TrialNews:
    return TrialNews(name=name, kind=kind, **fields)


def report(checkpoint: int, loss: float) -> TrialNews:
    return news("report", checkpoint=checkpoint, score=-loss, facts={"epoch": checkpoint / 2})


def metered(recorder: Recorder, dashboard: Dashboard) -> Metered:
    return Metered(recorder, dashboard.observe, "tune", {"sweep": "s"})


def test_what_is_heard_of_a_trial_is_written(workspace: Workspace, tmp_path: Path):
    """The metric is that of the best validation, a loss as a loss; told twice, a validation stands once."""
    sweep = sweep_in(workspace, tmp_path)
    progress = metered(recorder := Recorder(), dashboard := Dashboard())
    watch = SweepWatch(sweep, progress)
    progress.start("tune s", watch.total, "trials")

    for each in (news("began"), report(1, 0.5), report(2, 0.3), news("again", error="killed"), news("began")):
        watch.hear(each)
    for each in (report(1, 0.5), report(2, 0.3), report(3, 0.4)):
        watch.hear(each)
    running = sweep.trial("0000")
    watch.hear(news("stopped"))
    progress.finish()

    assert running is not None
    assert (running.status, running.metric, running.checkpoint, running.epoch) == ("running", 0.3, 2, 1.5)
    assert [tuple(point) for point in running.curve] == [(0.5, 0.5), (1.0, 0.3), (1.5, 0.4)]
    assert (running.retries, running.project) == (1, "p")
    over = sweep.trial("0000")
    assert over is not None
    assert over.status == "stopped"
    assert over.seconds is not None
    assert recorder.warnings == ["trial 0000 goes on from its last checkpoint: killed"]
    assert recorder.notices == ["trial 0000 stopped: loss 0.3000"]
    assert recorder.bars == [("tune s", 3, 1)]
    assert recorder.notes[-1] == "trial 0000 at epoch 1.5: loss 0.4000; best 0.3000 of 0000"
    assert (dashboard.shown["kittiseg_tune_trials"], dashboard.shown["kittiseg_tune_best"]) == (1, 0.3)


def test_a_sweep_that_goes_on_leaves_out_trials_that_are_over(workspace: Workspace, tmp_path: Path):
    """In the order of their numbers."""
    sweep = sweep_in(workspace, tmp_path)
    watch = SweepWatch(sweep, metered(recorder := Recorder(), Dashboard()))
    recorder.start("tune s", watch.total, "trials")
    assert [task.name for task in watch.tasks()] == ["0000", "0001", "0002"]
    watch.hear(news("began", "0000"))
    watch.hear(news("began", "0002"))
    watch.hear(news("failed", "0000", error="no memory"))

    again = SweepWatch(sweep, metered(Recorder(), Dashboard()))

    assert [task.name for task in again.tasks()] == ["0001", "0002"]
    assert (again.over, again.total) == (1, 3)


def test_a_trial_that_goes_on_from_another_forgets_what_it_had(workspace: Workspace, tmp_path: Path):
    """Told twice, as by a sweep that was killed, it keeps what it has validated since."""
    sweep = sweep_in(workspace, tmp_path)
    watch = SweepWatch(sweep, metered(recorder := Recorder(), Dashboard()))
    taken = TakeOver(trial="0000", other="0002", checkpoint=2, parameters={LR: 0.3})
    recorder.start("tune s", watch.total, "trials")
    watch.hear(news("began"))
    watch.hear(report(1, 0.5))

    watch.take_over(taken, 1)
    first = sweep.trial("0000")
    watch.hear(report(3, 0.2))
    watch.take_over(taken, 1)

    assert first is not None
    assert (first.parameters, first.metric, first.checkpoint, first.curve) == ({LR: 0.3}, None, None, ())
    assert first.origin == {"trial": "0002", "checkpoint": 2, "generation": 1}
    assert first.past == ({"trial": "0002", "until": 2, "parameters": {LR: 0.3}},)
    again = sweep.trial("0000")
    assert again is not None
    assert (again.metric, again.checkpoint) == (0.2, 3)
    assert recorder.notices == ["generation 1: trial 0000 goes on from checkpoint 2 of trial 0002"]
    assert [task.parameters[LR] for task in watch.tasks()] == [0.3, 0.2, 0.3]


def test_a_trial_that_has_paused_is_not_over(workspace: Workspace, tmp_path: Path):
    """It is done when its training has ended otherwise."""
    sweep = sweep_in(workspace, tmp_path)
    watch = SweepWatch(sweep, metered(recorder := Recorder(), Dashboard()))
    recorder.start("tune s", watch.total, "trials")
    model = sweep.models.files.within("models/0000")

    for why, status in ((PAUSED, "running"), ("all 2 epochs are done", "done")):
        write_run(model, {"sessions": [{"why": why}]})
        watch.hear(news("began"))
        watch.hear(news("done"))
        found = sweep.trial("0000")
        assert found is not None
        assert found.status == status
    assert recorder.bars == [("tune s", 3, 1)]


def test_trials_that_hang_on_others_are_asked_for_when_their_turn_comes(workspace: Workspace, tmp_path: Path):
    """Optuna's second trial is not drawn before there is room for it."""
    pytest.importorskip("optuna")
    sweep = sweep_in(workspace, tmp_path, searcher={"name": "optuna"}, trials=3)
    watch = SweepWatch(sweep, metered(Recorder(), Dashboard()))

    tasks = watch.tasks()
    next(tasks)

    assert [trial.id for trial in sweep.trials()] == ["0000"]
    assert len(list(tasks)) == 2
    assert watch.total == 3
