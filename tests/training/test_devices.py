import os
from pathlib import Path
from typing import Any

import pytest
import torch

from kittiseg.engine import Resources, Workers
from kittiseg.errors import ResourceError
from kittiseg.inference.network import computes_bf16
from kittiseg.training.devices import DevicePlan, peak_memory, plan_devices, resolve_precision, torch_device
from tests.data.training import tiny_config

CPU = torch.device("cpu")


def plan(*, gpus: int, **fields: Any) -> DevicePlan:
    config = tiny_config(**{"gpu_devices": [0, 1, 2], "batch_size": {"train": 14}, **fields})
    return plan_devices(config, Resources(cpus=8, gpus=gpus))


@pytest.mark.parametrize(
    ("devices", "gpus", "workers"),
    [
        ("exact", 3, Workers(count=3, device="cuda")),
        ("exact", 8, Workers(count=3, device="cuda")),
        ("auto", 8, Workers(count=3, device="cuda")),
        ("auto", 2, Workers(count=2, device="cuda")),
        ("auto", 0, Workers(count=1, device="cpu")),
        ("cpu", 8, Workers(count=1, device="cpu")),
        ("cpu:2", 0, Workers(count=2, device="cpu")),
    ],
)
def test_the_batch_is_the_same_on_any_devices(devices: str, gpus: int, workers: Workers) -> None:
    """Three shards of 14, whoever computes them."""
    made = plan(devices=devices, gpus=gpus)

    assert made.workers == workers
    assert made.shards == 3
    assert "batch 3 x 14" in made.note
    assert ("accumulated" in made.note) == (workers.count < 3)


def test_accumulating_cuts_the_same_batch_into_more_parts() -> None:
    """42 pictures in 9 parts, by as many workers as before; the note says so."""
    made = plan(devices="exact", gpus=3, accumulate=3)

    assert (made.batch, made.shards, made.workers.count) == (42, 9, 3)
    assert made.note == "3 GPU workers, batch 3 x 14 in 9 parts, gradients accumulated"


@pytest.mark.parametrize("gpus", [0, 2])
def test_a_missing_device_is_an_error_that_says_what_is_there(gpus: int) -> None:
    """And how to go on without it."""
    with pytest.raises(ResourceError, match=rf"\[0, 1, 2\]; there are {gpus} GPUs and 8 CPUs.*--devices auto"):
        plan(devices="exact", gpus=gpus)


def test_more_workers_than_parts_of_a_batch_are_refused() -> None:
    """They would have nothing to do."""
    with pytest.raises(ResourceError, match=r"4 CPU workers, but a batch has 3 parts"):
        plan(devices="cpu:4", gpus=0)


def test_precision_is_what_the_hardware_computes_unless_asked() -> None:
    """auto never emulates; bf16 and fp32 are taken at their word."""
    assert resolve_precision("auto", CPU) == ("bf16" if computes_bf16(CPU) else "fp32")
    assert resolve_precision("bf16", CPU) == "bf16"
    assert resolve_precision("fp32", CPU) == "fp32"
    assert torch_device("cpu") == CPU


def test_the_peak_of_memory_is_in_bytes() -> None:
    """At least what this process has now, at most what the machine has."""
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    assert 0.9 * resident < peak_memory(CPU) < os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
