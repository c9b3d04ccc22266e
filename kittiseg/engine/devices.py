"""Which workers a config's ``gpu_devices`` and ``devices`` come to on the resources that there are."""

from collections.abc import Sequence

from kittiseg.engine import Resources, Workers
from kittiseg.errors import ConfigError, ResourceError


def plan_workers(gpu_devices: Sequence[int], devices: str, resources: Resources) -> Workers:
    """One worker per device. ``devices``: ``exact``, ``auto``, ``cpu`` or ``cpu:N``.

    ``auto`` takes as many GPUs of those asked for as there are, or one CPU worker where there are none. ResourceError
    where ``exact`` misses a GPU; ConfigError where ``devices`` is none of the words.
    """
    word, _, count = devices.partition(":")
    if word == "cpu" and (count.isdecimal() or not count) and count != "0":
        return Workers(count=int(count or 1), device="cpu")
    if devices not in ("exact", "auto"):
        raise ConfigError(f"devices is {devices!r}; wanted exact, auto, cpu or cpu:N with N of at least 1")
    missing = [device for device in gpu_devices if device >= resources.gpus]
    if devices == "exact" and missing:
        raise ResourceError(
            f"gpu_devices asks for the GPUs {list(gpu_devices)}; there are {resources.gpus} GPUs and {resources.cpus} "
            f"CPUs on {resources.nodes} {'node' if resources.nodes == 1 else 'nodes'}. --devices auto works with what "
            "there is, --devices cpu on the CPU; or change gpu_devices"
        )
    if resources.gpus == 0:
        return Workers(count=1, device="cpu")
    return Workers(count=min(len(gpu_devices), resources.gpus), device="cuda")
