"""Which workers a config's ``gpu_devices`` and ``devices`` come to on the resources that there are, with which CPUs."""

import re
from collections.abc import Sequence

from kittiseg.engine import Resources, Workers
from kittiseg.errors import ConfigError, ResourceError

USE_DEVICES = "--devices auto works with what there is, --devices cpu on the CPU"
"""Against missing GPUs, for commands that have that option."""


def check_devices(devices: str) -> str:
    """The word as it is; ConfigError where it is none."""
    if not re.fullmatch(r"exact|auto|cpu(:[1-9][0-9]*)?", devices):
        raise ConfigError(f"devices is {devices!r}; wanted exact, auto, cpu, or cpu:N for N CPU workers")
    return devices


def plan_workers(
    gpu_devices: Sequence[int], devices: str, resources: Resources, *, remedy: str = USE_DEVICES
) -> Workers:
    """One worker per device. ``devices``: ``exact``, ``auto``, ``cpu`` or ``cpu:N``. ``remedy``: against missing GPUs.

    ``auto`` takes as many GPUs of those asked for as there are, or one CPU worker where there are none. ResourceError
    where ``exact`` misses a GPU or ``cpu:N`` a CPU; ConfigError where ``devices`` is none of the words.
    """
    word, _, count = check_devices(devices).partition(":")
    if word == "cpu":
        if int(count or 1) > resources.cpus:
            raise ResourceError(f"devices asks for {count} CPU workers; there are {_told(resources)}; ask for fewer")
        return Workers(count=int(count or 1), device="cpu")
    missing = [device for device in gpu_devices if device >= resources.gpus]
    if devices == "exact" and missing:
        raise ResourceError(
            f"gpu_devices asks for the GPUs {list(gpu_devices)}; there are {_told(resources)}. {remedy}; or change "
            "gpu_devices"
        )
    if resources.gpus == 0:
        return Workers(count=1, device="cpu")
    return Workers(count=min(len(gpu_devices), resources.gpus), device="cuda")


def share_of_cpus(nodes: Sequence[tuple[int, int]], count: int) -> int:
    """The most CPUs that each of ``count`` workers can have, at least 1.

    ``nodes``: of each its CPUs, and how many workers it can take for other reasons, its GPUs for instance. A worker
    lies on one node, so the sum over the nodes does not matter; Ray waits for ever for a place that no node has.
    """
    most = max((cpus for cpus, _ in nodes), default=1)
    fitting = (share for share in range(most, 1, -1) if sum(min(cpus // share, n) for cpus, n in nodes) >= count)
    return next(fitting, 1)


def groups_at_once(resources: Resources, workers: Workers) -> int:
    """How many groups of such workers there is room for at the same time, at least 1; each worker has a CPU."""
    places = resources.cpus
    if workers.device == "cuda":
        places = min(places, resources.gpus * int(1 / workers.gpus + 1e-6))  # a share lies on one GPU
    return max(places // workers.count, 1)


def _told(resources: Resources) -> str:
    nodes = "1 node" if resources.nodes == 1 else f"{resources.nodes} nodes"
    return f"{resources.gpus} GPUs and {resources.cpus} CPUs on {nodes}"
