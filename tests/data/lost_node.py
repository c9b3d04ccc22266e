"""A training on a cluster of a head and two nodes: one is lost and replaced in a step, another in a validation, and
another in an upload: ``python -m tests.data.lost_node WORKSPACE CONFIG MODEL``.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kittiseg.engine.cluster import connect
from kittiseg.pipeline import TrainOptions, train
from kittiseg.project.store import Workspace
from tests.data.kills import MOMENTS, kill_during, sessions, wait_until
from tests.data.runs import processes, run_in, told

_ENVIRONMENT = {
    "RAY_health_check_initial_delay_ms": "0",
    "RAY_health_check_period_ms": "500",  # not 3 s, five times; a node that answers late is as alive as ever
}


def main(place: str, config: str, name: str) -> None:
    os.environ.pop("RAY_AUTH_MODE", None)
    os.environ.update(_ENVIRONMENT)
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    _, node = (cluster.add_node(num_cpus=1) for _ in range(2))
    workspace = Workspace.at(place)
    model = workspace.files.within(f"models/{name}")
    run = run_in(workspace, connect(cluster.address))

    with ThreadPoolExecutor(1) as pool:  # Ray lets only the main thread add nodes
        training = pool.submit(train, run, TrainOptions(Path(config), "squares", name))
        for number, moment in enumerate(MOMENTS, 1):
            wait_until(lambda number=number: training.done() or sessions(model) == number)
            raylet = node.all_processes["raylet"][0].process.pid
            workers = processes("RayTrainWorker", under=raylet)
            kill_during(moment, model, [raylet, *workers], beside=sorted({*processes("RayTrainWorker")} - {*workers}))
            cluster.remove_node(node, allow_graceful=False)
            print("lost in", moment, *workers and ["with a worker"], flush=True)
            node = cluster.add_node(num_cpus=1)
        training.result()
    print(*told(run).warnings, sep="\n", flush=True)
    run.close()
    cluster.shutdown()


if __name__ == "__main__":
    main(*sys.argv[1:])
