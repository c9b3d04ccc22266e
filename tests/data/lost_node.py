"""A training on a cluster of a head and two nodes, of which one is lost and replaced: ``python -m tests.data.lost_node
WORKSPACE CONFIG MODEL MOMENT``.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kittiseg.engine.cluster import connect
from kittiseg.pipeline import TrainOptions, train
from kittiseg.project.store import Workspace
from tests.data.kills import moment_of, wait_until
from tests.data.runs import run_in, told


def main(place: str, config: str, name: str, moment: str) -> None:
    os.environ.pop("RAY_AUTH_MODE", None)
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    _, lost = (cluster.add_node(num_cpus=1) for _ in range(2))
    workspace = Workspace.at(place)
    model = workspace.files.within(f"models/{name}")
    run = run_in(workspace, connect(cluster.address))

    with ThreadPoolExecutor(1) as pool:  # Ray lets only the main thread add nodes
        training = pool.submit(train, run, TrainOptions(Path(config), "squares", name))
        wait_until(lambda: training.done() or moment_of(model) == moment)
        cluster.remove_node(lost, allow_graceful=False)
        print("lost" if not training.done() else "too late", flush=True)
        cluster.add_node(num_cpus=1)
        training.result()
    print(*told(run).warnings, sep="\n", flush=True)
    run.close()
    cluster.shutdown()


if __name__ == "__main__":
    main(*sys.argv[1:])
