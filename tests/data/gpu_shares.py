"""Halves of made-up GPUs, on a Ray of two nodes: ``python -m tests.data.gpu_shares`` prints who was on which, as JSON.

Each worker waits until as many as shall work at the same time are there.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ray

from kittiseg.engine import WorkerContext, Workers
from kittiseg.engine.cluster import connect
from kittiseg.engine.devices import groups_at_once
from kittiseg.engine.search import SearchPlan, TrialContext, TrialNews, TrialTask
from kittiseg.project.files import Files
from tests.data.kills import wait_until

HALVES = 4
HALF = Workers(count=1, device="cuda", cpus=1, gpus=0.5)


def main() -> None:
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"include_dashboard": False, "num_cpus": 0})
    for _ in range(2):
        cluster.add_node(num_cpus=4, num_gpus=1)
    engine = connect(cluster.address)
    with TemporaryDirectory() as folder:
        of_actors, of_trials = Path(folder, "actors"), Path(folder, "trials")
        of_actors.mkdir()
        of_trials.mkdir()
        four = Workers(count=HALVES, device="cuda", cpus=1, gpus=0.5)
        list(engine.map_with_state(hold, {"folder": of_actors}, range(HALVES), workers=four, name="holders"))

        at_once = groups_at_once(engine.resources(), HALF)
        news: list[TrialNews] = []
        engine.search(
            partial(run_trial, folder=of_trials),
            (TrialTask(f"t{number}", {}) for number in range(at_once)),
            news.append,
            plan=SearchPlan(at_once=at_once, workers=HALF),
            storage=Files.at(Path(folder, "search")),
        )
        ended = sorted((one.name, one.kind, one.error) for one in news if one.kind in ("done", "failed", "stopped"))
        print(json.dumps({"actors": read(of_actors), "trials": read(of_trials), "ended": ended}), flush=True)
    engine.shutdown()


def hold(*, folder: Path, device: str, threads: int) -> Callable[[int], int]:
    """Makes an actor, which has its GPU already."""
    put_down(folder)
    return abs


def run_trial(context: TrialContext, *, folder: Path) -> None:
    storage = Files.at(folder.parent / "groups" / context.name)
    context.engine.fit(train, folder, workers=Workers(count=1, device="cuda"), name=context.name, storage=storage)


def train(context: WorkerContext, folder: Any) -> None:
    put_down(folder)


def put_down(folder: Path) -> None:
    """Node and GPU of this process, and then waits for the others: what comes before the end of one is its room."""
    context = ray.get_runtime_context()
    gpus = context.get_accelerator_ids()["GPU"]
    (folder / f"{context.get_worker_id()}.json").write_text(json.dumps([context.get_node_id(), gpus]))
    wait_until(lambda: len(list(folder.iterdir())) >= HALVES)


def read(folder: Path) -> list[Any]:
    return sorted(json.loads(path.read_text()) for path in folder.iterdir())


if __name__ == "__main__":
    main()
