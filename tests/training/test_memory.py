import json
import os
import re
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from kittiseg.errors import ResourceError
from kittiseg.training.criterion import make_criterion
from kittiseg.training.inputs import Forward
from kittiseg.training.memory import Trial, is_out_of_memory, within_memory
from tests.data.training import tiny_config

ROOT = Path(__file__).parents[2]
CPU = torch.device("cpu")


class Roomy(nn.Module):
    """Computes ``room`` pictures at once, and says that there is no memory for more."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room, self.head = room, nn.Conv2d(3, 2, 1)

    def forward(self, images_nchw: Tensor) -> Tensor:
        if len(images_nchw) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return self.head(images_nchw)


def trial(room: int, *, train: int = 1, **fields: Any) -> Trial:
    config = tiny_config(batch_size={"train": train}, **fields)
    return Trial(Forward(Roomy(room), CPU, "fp32"), make_criterion(config, 2, (), CPU), config, lambda: None)


@pytest.mark.skipif(sys.platform != "linux", reason="limits the address space")
def test_too_large_a_batch_is_told_with_the_way_that_fits(tmp_path: Path) -> None:
    """For real: of 8 pictures some fit, and the training that the error proposes comes to its end in that memory."""
    whole_blocks = {"MALLOC_MMAP_THRESHOLD_": "65536"}  # or glibc keeps what is freed, in pieces
    command = [sys.executable, "-m", "tests.data.short_of_memory", str(tmp_path)]

    done = subprocess.run(command, cwd=ROOT, env=os.environ | whole_blocks, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert re.match(
        r"a part of 8 pictures of 512 x 512 does not fit into the memory of the CPU \(\d+\.\d GiB\); [1-7] fits?\. "
        r'Set "accumulate": [2-8], which computes the same batch in [2-8] parts$',
        told["error"],
    )
    assert told["checkpoints"] == 1


@pytest.mark.parametrize("room", range(1, 14))
def test_as_many_pictures_as_fit_are_found(room: int) -> None:
    """Of 14, however many."""
    assert trial(room, train=14).fitting(14) == room


def test_the_parts_are_as_few_as_fit() -> None:
    """14 pictures by fives are three parts, also where they had been two before, and for each of several devices."""
    proposed = 'does not fit into the memory of the CPU .* 5 fit. Set "accumulate": 3, .* in 3 parts'

    assert re.search("a part of 14 pictures .*" + proposed + "$", str(trial(5, train=14).error()))
    assert re.search("a part of 7 pictures .*" + proposed + "$", str(trial(5, train=14, accumulate=2).error()))
    several = trial(5, train=14, gpu_devices=[0, 1]).error()
    assert re.search("a part of 14 pictures .*" + proposed + " for each device$", str(several))


def test_where_no_picture_fits_the_network_must_be_smaller() -> None:
    """Nothing is left to be cut into parts."""
    told = str(trial(0, train=2).error())

    assert "a part of 2 pictures of 32 x 32" in told
    assert "not even one does. Make /input_size or /width smaller" in told


def test_synchronised_batch_normalisation_is_no_matter_of_parts() -> None:
    """All of a worker's pictures go through it at once; no trial is made, which would wait for the others."""
    told = str(trial(5, train=14, sync_batchnorm=True).error())

    assert "the pictures of 32 x 32 that a worker has of a batch do not fit into the memory of the CPU" in told
    assert 'or set "sync_batchnorm": false' in told


def test_validation_that_does_not_fit_names_its_own_batch() -> None:
    """And that of whole pictures where there is one."""
    assert re.search(
        "on 1 picture of 32 x 32 at once .*Make /batch_size/val smaller: ", str(trial(5).validation_error())
    )
    told = str(trial(5, validate_on={"project": "p", "config": {}}).validation_error())
    assert "smaller (of whole pictures: /validate_on/config/batch_size)" in told


def test_memory_of_what_failed_is_free_before_the_error_is_made() -> None:
    """A tensor that a frame of the failed work held is gone."""
    held = []

    def work() -> None:
        tensor = torch.zeros(1)
        held.append(weakref.ref(tensor))
        raise MemoryError

    def explain() -> ResourceError:
        return ResourceError(f"{held[0]() is None}")

    with pytest.raises(ResourceError, match=r"^True$"):
        within_memory(work, explain)


@pytest.mark.parametrize(
    ("error", "is_one"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (MemoryError("std::bad_alloc"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes."), True),
        (RuntimeError("shapes do not match"), False),
    ],
)
def test_other_errors_stay_what_they_are(error: Exception, is_one: bool) -> None:
    """Only what memory is missing for is explained."""

    def fail() -> None:
        raise error

    assert is_out_of_memory(error) == is_one
    with pytest.raises(ResourceError if is_one else RuntimeError, match="smaller" if is_one else "shapes"):
        within_memory(fail, lambda: ResourceError("make it smaller"))
