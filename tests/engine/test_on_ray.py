"""Run on a real Ray on this machine, one for all tests."""

import os
import re
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow.fs as pafs
import pytest
import ray

from kittiseg.engine import Engine, WorkerContext, Workers
from kittiseg.engine.in_process import InProcess
from kittiseg.engine.ray_fit import end_of_group
from kittiseg.errors import DataError, ModelError, ResourceError
from kittiseg.project.files import Files
from tests.data.ray_metrics import told


def square(value: int) -> int:
    return value * value


def refuse_seven(value: int) -> int:
    if value == 7:
        raise DataError("seven cannot be read")
    return value


def die(value: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def refuse_to_begin(*, device: str, threads: int) -> Callable[[Sequence[int]], list[int]]:
    raise ModelError("the checkpoint is damaged")


class AddTo:
    """Makes a worker that adds ``base``; the first worker to see ``deadly`` dies of it, once."""

    def __call__(
        self, *, device: str, threads: int, base: int, deadly: int | None = None, mark: str = ""
    ) -> Callable[[Sequence[int]], list[int]]:
        def work(chunk: Sequence[int]) -> list[int]:
            if deadly in chunk and not Path(mark).exists():
                Path(mark).touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return [base + value for value in chunk]

        return work


class Deadly:
    """Makes a worker that dies of everything."""

    def __call__(self, *, device: str, threads: int) -> Callable[[Sequence[int]], list[int]]:
        return lambda chunk: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[return-value,func-returns-value]


def test_map_gives_what_one_process_gives_in_the_order_of_the_tasks(ray_engine: Engine):
    """The engine does not show in the result."""
    tasks = list(range(50))

    assert list(ray_engine.map(square, tasks, name="square")) == list(InProcess().map(square, tasks, name="square"))


def test_map_of_nothing_is_nothing(ray_engine: Engine):
    """No task, no result, no block of zero rows."""
    assert list(ray_engine.map(square, [], name="square")) == []


def test_an_error_arrives_as_it_was_raised(ray_engine: Engine):
    """Ray's wrapping does not reach the user."""
    with pytest.raises(DataError, match=r"^seven cannot be read$"):
        list(ray_engine.map(refuse_seven, list(range(20)), name="refuse"))


def fill_the_disk(value: int) -> int:
    raise OSError(28, "No space left on device", "/mnt/a.png")


def test_an_error_of_the_system_arrives_as_it_was_raised(ray_engine: Engine):
    """With its class, so that the command line can tell it from a fault of ours, and where it came from."""
    with pytest.raises(OSError, match=r"No space left on device: '/mnt/a\.png'") as caught:
        list(ray_engine.map(fill_the_disk, [1, 2], name="fill"))

    assert caught.value.errno == 28
    assert "in fill_the_disk" in caught.value.__notes__[0]


def name_of_task(value: int) -> str:
    return str(ray.get_runtime_context().get_task_name())


def name_of_actor(*, device: str, threads: int) -> Callable[[int], str]:
    return lambda value: str(ray.get_runtime_context().get_actor_name())


def leave_name(context: WorkerContext, job: Any) -> None:
    from ray import train

    Path(job).write_text(train.get_context().get_experiment_name())


def test_a_dashboard_shows_which_stage_it_is_and_of_what(ray_engine: Engine, tmp_path: Path):
    """In tasks, actors and trainings; in ASCII, for Ray knows no other letters, and projects may have any."""
    tasks = list(ray_engine.map(name_of_task, [1], name="transform città 🚗"))
    actors = [
        list(ray_engine.map_with_state(name_of_actor, {}, [1, 2], workers=Workers(count=1), name="predict città"))
        for _ in range(2)
    ]
    place, storage = tmp_path / "name", Files.at(tmp_path / "ray")
    ray_engine.fit(leave_name, str(place), workers=Workers(count=1), name="train città 🚗", storage=storage)

    assert tasks == [r"MapBatches(transform citt\xe0 \U0001f697)"]
    (first, again), (second, _) = actors
    assert first == again != second  # no two actors have the same name, though the stage is run again
    assert {re.sub(r" \d+$", "", name) for name in (first, second)} == {r"predict citt\xe0"}
    assert place.read_text() == r"train citt\xe0 \U0001f697"


def test_what_is_observed_is_among_the_metrics_of_the_node(ray_engine: Engine):
    """Where Prometheus reads it, with its label; Ray tells it every second or so."""
    found: list[str] = []
    for _ in range(300):
        ray_engine.observe({"kittiseg_train_loss": 0.5}, model="città")
        found = [line for line in told() if line.startswith("ray_kittiseg_train_loss")]
        if found:
            break
        time.sleep(0.1)

    assert [line.split()[-1] for line in found] == ["0.5"]
    assert r'model="citt\\xe0"' in found[0]


def test_a_task_that_kills_its_worker_again_and_again_is_an_error(ray_engine: Engine):
    """Ray Data would go on for ever."""
    with pytest.raises(ResourceError, match="a worker of 'deadly' died 4 times over the same pictures"):
        list(ray_engine.map(die, [1], name="deadly"))


def test_an_error_of_the_first_step_is_not_taken_for_a_death(ray_engine: Engine):
    """A worker that cannot load its network says so at once."""
    with pytest.raises(ModelError, match=r"^the checkpoint is damaged$"):
        list(ray_engine.map_with_state(refuse_to_begin, {}, [[1], [2]], workers=Workers(count=1), name="load"))


def test_a_killed_actor_s_chunk_is_done_again(ray_engine: Engine, tmp_path: Path):
    """Every chunk has its result, once and in order, though a worker died of one."""
    chunks = [[1, 2], [3], [4, 5], [6]]
    arguments = {"base": 100, "deadly": 4, "mark": str(tmp_path / "died")}

    results = list(ray_engine.map_with_state(AddTo(), arguments, chunks, workers=Workers(count=2), name="add"))

    assert results == [[101, 102], [103], [104, 105], [106]]
    assert (tmp_path / "died").exists()


def test_an_actor_that_dies_again_and_again_is_an_error_that_names_the_stage(ray_engine: Engine):
    """Ray would go on for ever."""
    with pytest.raises(ResourceError, match="a worker of 'deadly' died 4 times over the same pictures"):
        list(ray_engine.map_with_state(Deadly(), {}, [[1]], workers=Workers(count=1), name="deadly"))


def add_ranks(context: WorkerContext, job: dict[str, Any]) -> None:
    """Adds the ranks of the group; rank 1 dies once, and rank 0 notices when the group is gone already."""
    import torch
    import torch.distributed as group

    mark = Path(job["folder"]) / "died"
    is_first = not mark.exists()
    total = torch.tensor([float(context.rank)])
    group.all_reduce(total)
    if is_first and context.rank == 1:
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if is_first:
        group.destroy_process_group()
        group.all_reduce(total)
    context.report({"total": total.item()})
    (Path(job["folder"]) / f"rank{context.rank}").write_text(f"{total.item()} of {context.world_size}")


def test_a_training_group_is_started_anew_when_a_worker_dies(ray_engine: Engine, tmp_path: Path):
    """Both ranks end with the sum over the group."""
    workers = Workers(count=2, cpus=1)

    ray_engine.fit(
        add_ranks, {"folder": str(tmp_path)}, workers=workers, name="sum", storage=Files.at(tmp_path / "ray")
    )

    assert (tmp_path / "died").exists()
    assert [(tmp_path / f"rank{rank}").read_text() for rank in (0, 1)] == ["1.0 of 2", "1.0 of 2"]


def refuse(context: WorkerContext, job: Any) -> None:
    """Rank 1 does, while rank 0 waits for it."""
    import torch
    import torch.distributed as group

    if context.rank == 0:
        group.all_reduce(torch.zeros(1))
    with (Path(job) / "tries").open("a") as stream:
        stream.write("x")
    raise DataError("no picture has the tag 'train'")


def test_what_the_user_can_mend_ends_a_training_at_once(ray_engine: Engine, tmp_path: Path):
    """The error is the loop's own, it was not tried again, and nobody waits for the worker that raised it.

    Its way leads through the storage, here a distant one.
    """
    workers = Workers(count=2, cpus=1)
    distant = Files(pafs.SubTreeFileSystem(str(tmp_path), pafs.LocalFileSystem()), "ray")

    with pytest.raises(DataError, match=r"^no picture has the tag 'train'$"):
        ray_engine.fit(refuse, str(tmp_path), workers=workers, name="no", storage=distant)

    assert (tmp_path / "tries").read_text() == "x"


def test_a_group_that_finds_no_nodes_any_more_is_not_said_to_have_died(ray_engine: Engine):
    """A lost node that no other replaces: the error says what was waited for."""
    from ray.train import ControllerError
    from ray.train.v2._internal.exceptions import WorkerGroupStartupTimeoutError

    error = end_of_group("train", ControllerError(WorkerGroupStartupTimeoutError(2)))

    assert isinstance(error, ResourceError)
    assert re.match(r"the workers of 'train' could not be started in 4 tries: .*waiting for 2 workers", str(error))
