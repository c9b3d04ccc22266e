"""The engine that every other one must equal."""

import os
from collections.abc import Callable, Sequence

import pytest

from kittiseg.engine import Engine, WorkerContext, Workers
from kittiseg.engine.in_process import InProcess
from kittiseg.engine.search import SearchPlan
from kittiseg.errors import DataError, ResourceError
from kittiseg.project.files import Files

ENGINE: Engine = InProcess()
UNUSED = Files.at("unused")


def test_map_keeps_the_order():
    """One result a task, in the order of the tasks."""
    assert list(ENGINE.map(str.upper, ["b", "a", "c"], name="upper")) == ["B", "A", "C"]
    assert list(ENGINE.map(str.upper, [], name="upper")) == []


def test_map_gives_each_result_as_soon_as_it_is_there():
    """The second task is not begun before the first result is taken."""
    done: list[int] = []

    results = ENGINE.map(done.append, [1, 2], name="note")
    next(results)

    assert done == [1]


def test_errors_come_as_they_were_raised():
    """The class and the text of the task's own error; results before it are given."""

    def read(name: str) -> str:
        if name == "b":
            raise DataError("b is damaged")
        return name

    results = ENGINE.map(read, ["a", "b"], name="read")

    assert next(results) == "a"
    with pytest.raises(DataError, match=r"^b is damaged$"):
        next(results)


def adder(*, device: str, threads: int, start: int) -> Callable[[Sequence[int]], list[object]]:
    """Adds up over its chunks, and tells what it was made with."""
    total = [start]

    def add(chunk: Sequence[int]) -> list[object]:
        total[0] += sum(chunk)
        return [total[0], device, threads]

    return add


def test_map_with_state_makes_its_worker_once():
    """State goes on from chunk to chunk; device and threads are the worker's."""
    results = ENGINE.map_with_state(adder, {"start": 10}, [[1, 2], [3]], workers=Workers(count=1, cpus=3), name="add")

    assert list(results) == [[13, "cpu", 3], [16, "cpu", 3]]


def test_map_with_state_makes_no_worker_for_nothing():
    """No chunk, no network loaded."""

    def make(**_: object) -> Callable[[Sequence[int]], list[int]]:
        raise AssertionError("made for nothing")

    assert list(ENGINE.map_with_state(make, {}, [], workers=Workers(count=1), name="none")) == []


def test_fit_runs_the_loop_as_the_only_worker():
    """Rank 0 of 1 with all threads; reports are taken."""
    seen: list[object] = []

    def loop(context: WorkerContext, job: str) -> None:
        context.report({"loss": 0.5}, checkpoint="models/m")
        seen.extend([context.rank, context.world_size, context.device, context.threads, job])

    ENGINE.fit(loop, "job", workers=Workers(count=1), name="train", storage=UNUSED)

    assert seen == [0, 1, "cpu", len(os.sched_getaffinity(0)), "job"]


def test_what_is_observed_needs_no_dashboard():
    """There is none."""
    ENGINE.observe({"loss": 0.5}, model="m")


def test_several_workers_are_refused():
    """One process is one worker; the error says what to do."""
    with pytest.raises(ResourceError, match="2 CPU workers cannot be had in one process; use --engine ray"):
        ENGINE.fit(print, None, workers=Workers(count=2), name="train", storage=UNUSED)
    with pytest.raises(ResourceError, match="2 CPU workers cannot be had in one process; use --engine ray"):
        list(ENGINE.map_with_state(adder, {"start": 0}, [[1]], workers=Workers(count=2), name="add"))


def test_a_device_that_is_not_there_is_refused():
    """No silent step back to the CPU."""
    workers = Workers(count=1, device="cuda")

    with pytest.raises(ResourceError, match="a CUDA device was wanted"):
        ENGINE.fit(print, None, workers=workers, name="train", storage=UNUSED)
    with pytest.raises(ResourceError, match="a CUDA device was wanted"):
        list(ENGINE.map_with_state(adder, {"start": 0}, [[1]], workers=workers, name="add"))
    assert next(InProcess(gpus=1).map_with_state(adder, {"start": 0}, [[1]], workers=workers, name="add"))[1] == "cuda"


def test_a_search_needs_ray():
    """Trials one after another in one process would be no search."""
    plan = SearchPlan(at_once=1, workers=Workers(count=1))

    with pytest.raises(ResourceError, match="a sweep needs Ray: leave out --engine local"):
        ENGINE.search(print, iter([]), print, plan=plan, storage=UNUSED)


def test_resources_are_this_machines():
    """As many GPUs as it was told of; and the CPUs that it may use, one where it may use no more."""
    assert InProcess(gpus=2).resources().gpus == 2
    assert ENGINE.resources().nodes == 1
    allowed = os.sched_getaffinity(0)
    assert ENGINE.resources().cpus == len(allowed)
    os.sched_setaffinity(0, [min(allowed)])
    try:
        assert ENGINE.resources().cpus == 1
    finally:
        os.sched_setaffinity(0, allowed)
