"""Searches on a real Ray of two CPUs that has no dashboard. Trials are small; most have no workers."""

import _thread
import os
import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from kittiseg.engine import Engine, WorkerContext, Workers
from kittiseg.engine.search import Halving, SearchPlan, TrialContext, TrialNews, TrialTask
from kittiseg.errors import DataError, StorageError
from kittiseg.project.files import Files
from tests.data.kills import wait_until


def search(
    engine: Engine, folder: Path, trial: Any, parameters: Sequence[dict[str, Any]], **fields: Any
) -> list[TrialNews]:
    """All that was heard."""
    storage = Files.at(folder / "search")
    storage.make_folder("")
    tasks = iter([TrialTask(f"{number:04d}", each) for number, each in enumerate(parameters)])
    heard: list[TrialNews] = []
    plan = SearchPlan(**{"at_once": 2, "workers": Workers(count=1), **fields})
    engine.search(trial, tasks, heard.append, plan=plan, storage=storage)
    return heard


def ends(heard: Sequence[TrialNews]) -> dict[str, str]:
    return {news.name: news.kind for news in heard if news.kind in ("done", "stopped", "failed")}


def stay(context: WorkerContext, folder: str) -> None:
    """A worker that stays until somebody says that it is the end."""
    Path(folder, f"{context.rank} of {context.world_size} on {context.threads}").touch()
    wait_until(lambda: Path(folder, "end").exists())


def with_workers(context: TrialContext) -> None:
    """A trial that prepares something, and reports when two workers of its own are there; they end after that."""
    assert list(context.engine.map(abs, [-1, -2], name="prepare")) == [1, 2]
    folder = Path(context.parameters["folder"], context.name)
    folder.mkdir()
    storage = Files.at(folder / "engine")
    storage.make_folder("")

    def fit() -> None:
        context.engine.fit(stay, str(folder), workers=Workers(count=2), name=f"train {context.name}", storage=storage)

    thread = threading.Thread(target=fit, daemon=True)
    thread.start()
    wait_until(lambda: all((folder / f"{rank} of 2 on 1").exists() for rank in (0, 1)))
    context.report(1, context.parameters["score"], {})
    (folder / "end").touch()
    thread.join()


def test_trials_whose_workers_take_all_cpus_run_one_by_one_and_one_that_is_stopped_makes_room(
    ray_engine: Engine, tmp_path: Path
):
    """Two CPUs, two workers a trial: a trial that took a CPU of its own would wait for ever.

    So would the third, and the tasks that it maps before, if the workers of the second, which wait for an end that
    never comes, kept their place.
    """
    trials = [{"folder": str(tmp_path), "score": score} for score in (3, 1, 2)]
    halving = Halving(grace=1, factor=2, most=4)

    heard = search(ray_engine, tmp_path, with_workers, trials, at_once=1, workers=Workers(count=2), scheduler=halving)

    assert ends(heard) == {"0000": "done", "0001": "stopped", "0002": "done"}
    assert [(news.name, news.score) for news in heard if news.kind == "report"] == [
        ("0000", 3),
        ("0001", 1),
        ("0002", 2),
    ]
    assert not (tmp_path / "0001" / "end").exists()


def die_or_not(context: TrialContext) -> None:
    """Dies as often as it is told to, or cannot be done."""
    deaths = Path(context.parameters["folder"], context.name)
    if context.parameters["deaths"] is None:
        raise DataError("no picture has the tag 'train'")
    past = len(deaths.read_text()) if deaths.exists() else 0
    if past < context.parameters["deaths"]:
        deaths.write_text("x" * (past + 1))
        os.kill(os.getpid(), signal.SIGKILL)
    context.report(1, past, {"lived": True})


def test_a_trial_that_dies_is_started_again_and_one_that_dies_too_often_does_not_end_the_search(
    ray_engine: Engine, tmp_path: Path
):
    """What the user can mend is told in its own words, and not tried again."""
    trials = [{"folder": str(tmp_path), "deaths": deaths} for deaths in (1, 9, None, 0)]

    heard = search(ray_engine, tmp_path, die_or_not, trials, retries=1)

    assert ends(heard) == {"0000": "done", "0001": "failed", "0002": "failed", "0003": "done"}
    assert sorted(news.name for news in heard if news.kind == "again") == ["0000", "0001"]
    assert (tmp_path / "0001").read_text() == "xx"
    errors = {news.name: news.error for news in heard if news.kind == "failed"}
    assert errors["0002"] == "no picture has the tag 'train'"
    assert "its process died" in str(errors["0001"])


def report_once(context: TrialContext) -> None:
    context.report(1, 1.0, {})


def test_what_goes_wrong_where_news_are_heard_ends_the_search(ray_engine: Engine, tmp_path: Path):
    """A full disk, for instance: the error is as it was raised."""
    storage = Files.at(tmp_path / "search")
    storage.make_folder("")

    def hear(news: TrialNews) -> None:
        raise StorageError("no room")

    with pytest.raises(StorageError, match=r"^no room$"):
        ray_engine.search(
            report_once,
            iter([TrialTask("0000", {})]),
            hear,
            plan=SearchPlan(at_once=1, workers=Workers(count=1)),
            storage=storage,
        )


def stay_forever(context: TrialContext) -> None:
    context.report(1, 0.5, {})
    wait_until(lambda: False)


def test_ctrl_c_ends_tune_s_own_loop(ray_engine: Engine, tmp_path: Path):
    """Before the connection to Ray is ended, of which it would ask more; nothing is heard of trials from then on."""
    storage, heard = Files.at(tmp_path / "search"), list[str]()
    storage.make_folder("")

    def hear(news: TrialNews) -> None:
        heard.append(news.kind)
        if news.kind == "report":
            _thread.interrupt_main()

    plan = SearchPlan(at_once=1, workers=Workers(count=1))
    with pytest.raises(KeyboardInterrupt):
        ray_engine.search(stay_forever, iter([TrialTask("0000", {})]), hear, plan=plan, storage=storage)

    assert not [thread for thread in threading.enumerate() if "_settle" in thread.name]
    assert heard == ["began", "report"]
