"""What is asked for and is not there, on a real Ray of two CPUs."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import ray

from kittiseg.engine import Engine, Resources, WorkerContext, Workers, ray_room
from kittiseg.engine.on_ray import OnRay
from kittiseg.errors import ResourceError
from kittiseg.project.files import Files
from tests.data.kills import wait_until
from tests.data.progress import Recorder
from tests.engine.test_on_ray import square

ONE = Workers(count=1, cpus=1)


def leave(context: WorkerContext, job: Any) -> None:
    (Path(job) / "done").touch()


@ray.remote(num_cpus=1)
class Other:
    """Somebody else's work: it holds a CPU."""

    def begin(self) -> None: ...


@pytest.fixture
def taken() -> Iterator[Callable[[int], None]]:
    """Says how many CPUs are taken from now on; none at the end of the test."""
    actors: list[Any] = []

    def take(count: int) -> None:
        while len(actors) > count:
            ray.kill(actors.pop())
        actors.extend(Other.remote() for _ in range(count - len(actors)))  # type: ignore[attr-defined]
        ray.get([actor.begin.remote() for actor in actors])

    yield take
    take(0)


@pytest.fixture
def autoscaler(ray_engine: Engine) -> Iterator[None]:
    """What an autoscaler that may add two nodes with a GPU tells the head; none comes."""
    from ray._raylet import GcsClient
    from ray.core.generated.autoscaler_pb2 import ClusterConfig, NodeGroupConfig

    head = GcsClient(address=ray.get_runtime_context().gcs_address)
    kind = NodeGroupConfig(resources={"CPU": 8, "GPU": 1}, min_count=0, max_count=2, name="gpu")
    head.report_cluster_config(ClusterConfig(node_group_configs=[kind]).SerializeToString())
    yield
    head.report_cluster_config(ClusterConfig().SerializeToString())


def make(*, device: str, threads: int) -> Callable[[int], int]:
    return square


def make_slowly(*, device: str, threads: int) -> Callable[[int], int]:
    time.sleep(3)
    return square


@pytest.mark.parametrize("workers", [Workers(count=1, cpus=3), Workers(count=1, cpus=1, device="cuda")])
def test_workers_that_no_node_can_hold_are_refused_at_once(ray_engine: Engine, workers: Workers):
    """Ray would wait for ever. The error says what there is."""
    with pytest.raises(ResourceError, match=r"no room for 'p': it asks for 1 worker .*, and 1 node with 2 CPUs can h"):
        list(ray_engine.map_with_state(make, {}, [1], workers=workers, name="p"))


def test_a_group_that_is_too_large_is_refused_at_once(ray_engine: Engine, tmp_path: Path):
    """All its workers must have room at the same time."""
    with pytest.raises(ResourceError, match=r"it asks for 3 workers with 1 CPU each, .* can hold 2"):
        ray_engine.fit(leave, str(tmp_path), workers=Workers(count=3, cpus=1), name="t", storage=Files.at(tmp_path))


def test_each_verb_says_that_others_have_what_it_asks_for(
    ray_engine: Engine, tmp_path: Path, taken: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
):
    """Instead of waiting for ever."""
    monkeypatch.setattr(ray_room, "PATIENCE_S", 2)
    taken(2)
    verbs: list[Callable[[], Any]] = [
        lambda: list(ray_engine.map(square, [1], name="verb")),
        lambda: list(ray_engine.map_with_state(make, {}, [1], workers=ONE, name="verb")),
        lambda: ray_engine.fit(leave, str(tmp_path), workers=ONE, name="verb", storage=Files.at(tmp_path)),
    ]

    with ThreadPoolExecutor(3) as pool:
        errors = [future.exception() for future in [pool.submit(verb) for verb in verbs]]

    assert [type(error) for error in errors] == [ResourceError] * 3
    said = "no room in 2 s: 'verb' asks for 1 worker with 1 CPU; 2 of 2 CPUs are in use. Run it again when others are"
    assert all(str(error).startswith(said) for error in errors)


def test_workers_without_room_do_not_hold_up_the_others(ray_engine: Engine, taken: Callable[[int], None]):
    """One of two CPUs is free, so one of two workers does it all."""
    taken(1)

    done = list(ray_engine.map_with_state(make, {}, [1, 2, 3], workers=Workers(count=2, cpus=1), name="p"))

    assert done == [1, 4, 9]


def test_a_slow_start_is_not_taken_for_want_of_room(ray_engine: Engine, monkeypatch: pytest.MonkeyPatch):
    """The worker holds all that there is while it starts, for longer than others would be waited for."""
    monkeypatch.setattr(ray_room, "PATIENCE_S", 2)

    assert list(ray_engine.map_with_state(make_slowly, {}, [2], workers=Workers(count=1, cpus=2), name="p")) == [4]


def test_what_an_autoscaler_may_add_counts_and_is_waited_for(
    ray_engine: OnRay, taken: Callable[[int], None], monkeypatch: pytest.MonkeyPatch, autoscaler: None
):
    """A notice says what for. What no node type has is refused all the same."""
    monkeypatch.setattr(ray_room, "PATIENCE_S", 0)
    taken(2)
    engine = replace(ray_engine, progress=Recorder())

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lambda: list(engine.map(square, [2], name="verb")))
        wait_until(lambda: engine.progress.notices)
        taken(0)
        assert waiting.result() == [4]

    assert engine.resources() == Resources(cpus=16, gpus=2, nodes=1)
    assert engine.progress.notices == [
        "waiting for room: 'verb' asks for 1 worker with 1 CPU; 2 of 2 CPUs are in use; the autoscaler may add nodes"
    ]
    with pytest.raises(ResourceError, match="asks for 1 worker with 9 CPUs, and 1 node with 2 CPUs, 2 nodes w"):
        list(engine.map_with_state(make, {}, [1], workers=Workers(count=1, cpus=9), name="p"))
