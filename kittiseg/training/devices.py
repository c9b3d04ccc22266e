"""Which devices a training runs on, and in which precision."""

import resource
import sys
from dataclasses import dataclass

import torch

from kittiseg.engine import DeviceKind, Resources, Workers
from kittiseg.engine.devices import USE_DEVICES, plan_workers
from kittiseg.errors import ResourceError
from kittiseg.inference.network import computes_bf16
from kittiseg.training.config import Precision, TrainConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePlan:
    """``workers`` of the group; ``shards`` parts of a ``batch``, shared out to them; ``note`` says so to a person."""

    workers: Workers
    batch: int
    shards: int
    note: str


def plan_devices(config: TrainConfig, resources: Resources, *, remedy: str = USE_DEVICES) -> DevicePlan:
    """What the config's ``gpu_devices`` and ``devices`` come to on these resources.

    A batch always has ``batch_size`` pictures for every device of ``gpu_devices``, in ``accumulate`` parts; whoever has
    several parts adds up their gradients, so the result is the same for any number of workers up to rounding.
    ResourceError, with this ``remedy``, where ``devices`` is ``exact`` and a device is missing.
    """
    devices, parts = len(config.gpu_devices), config.accumulate
    shards = devices * parts
    workers = plan_workers(config.gpu_devices, config.devices, resources, remedy=remedy)
    if workers.count > shards:
        raise ResourceError(
            f"devices asks for {workers.count} CPU workers, but a batch has {shards} parts, {parts} for each of "
            f"gpu_devices {list(config.gpu_devices)}; name as many devices there as there shall be workers"
        )
    note = f"{workers}, batch {devices} x {config.batch_size.train}"
    if parts > 1:
        note += f" in {shards} parts"
    if workers.count < shards:
        note += ", gradients accumulated"
    return DevicePlan(workers=workers, batch=devices * config.batch_size.train, shards=shards, note=note)


def torch_device(kind: DeviceKind) -> torch.device:
    """This worker's device: the engine has made its GPU the current one."""
    return torch.device("cuda", torch.cuda.current_device()) if kind == "cuda" else torch.device("cpu")


def peak_memory(device: torch.device) -> int:
    """Bytes that this process has had at most: of the GPU's memory for tensors, or else resident in the machine's."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def resolve_precision(wanted: Precision, device: torch.device) -> Precision:
    """``bf16`` or ``fp32``."""
    if wanted == "auto":
        return "bf16" if computes_bf16(device) else "fp32"
    return wanted
