"""Asks a cluster's autoscaler for machines, and waits until they are there. Runs on a node of the cluster:

    ray exec cluster/aws.yaml "RAY_AUTH_MODE=token python ~/kittiseg/cluster/ask_for_nodes.py --gpus 4"

They stay until it is asked for others; with --gpus 0 --cpus 0 those that are idle go.
"""

import argparse
import sys
import time

import ray
from ray.autoscaler.sdk import request_resources


def ask(*, cpus: int, gpus: int, seconds: float, pause: float = 5.0) -> bool:
    """Whether the cluster has so many within ``seconds``; Ray must be connected."""
    request_resources(bundles=[{"GPU": 1}] * gpus + [{"CPU": 1}] * cpus)
    end = time.monotonic() + seconds
    while True:
        there = ray.cluster_resources()
        enough = there.get("CPU", 0) >= cpus and there.get("GPU", 0) >= gpus
        print(f"there are {there.get('GPU', 0):.0f} of {gpus} GPUs and {there.get('CPU', 0):.0f} of {cpus} CPUs")
        if enough or time.monotonic() >= end:
            return enough
        time.sleep(pause)


def main() -> int:
    parser = argparse.ArgumentParser(description="Ask a cluster's autoscaler for machines, and wait for them.")
    parser.add_argument("--gpus", type=int, default=0, help="together")
    parser.add_argument("--cpus", type=int, default=0, help="together")
    parser.add_argument("--seconds", type=float, default=900, help="to wait at most")
    wanted = parser.parse_args()
    ray.init(address="auto", logging_level="ERROR", log_to_driver=False)
    if ask(cpus=wanted.cpus, gpus=wanted.gpus, seconds=wanted.seconds):
        return 0
    print(
        f"not there after {wanted.seconds:.0f} s, but still asked for: see max_workers, the cloud's quota, or the "
        "autoscaler's log on the head (monitor.out)",
        file=sys.stderr,
    )
    return 2


if __name__ == "__main__":
    sys.exit(main())
