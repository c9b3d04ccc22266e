"""What is done where a step does not fit into a device's memory: an error that says which would."""

import os
import resource
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import torch

from kittiseg.errors import ResourceError
from kittiseg.training.config import TrainConfig
from kittiseg.training.criterion import Criterion
from kittiseg.training.inputs import Forward
from kittiseg.training.losses import Totals

T = TypeVar("T")

_ON_CPU = ("can't allocate memory", "not enough memory", "std::bad_alloc")  # torch's allocator on Linux, Windows; C++


def within_memory(work: Callable[[], T], explain: Callable[[], ResourceError]) -> T:
    """What ``work`` gives. Where memory runs out, all that it held is freed, and the error of ``explain`` is raised."""
    try:
        return work()
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        traceback.clear_frames(error.__traceback__)  # they hold the tensors of the step
    raise explain()


def is_out_of_memory(error: Exception) -> bool:
    """Whether torch had no memory, on whichever device."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(words in str(error) for words in _ON_CPU)


@dataclass(frozen=True, eq=False)
class Trial:
    """Finds how many pictures a device computes at once, by computing some. It spoils the network's statistics.

    ``fill`` has the optimizer take all the memory that it will need.
    """

    forward: Forward
    criterion: Criterion
    config: TrainConfig
    fill: Callable[[], None]

    def error(self) -> ResourceError:
        """What to do where a part of a batch did not fit."""
        size, where = self.config.input_size, _told(self.forward.device)
        if self.config.sync_batchnorm:  # a trial would wait for the other workers
            return ResourceError(
                f"the pictures of {size.width} x {size.height} that a worker has of a batch do not fit into the memory "
                f"of {where}, and sync_batchnorm computes them all at once. Make /batch_size/train smaller, name more "
                'gpu_devices, or set "sync_batchnorm": false, and "accumulate" to compute them in parts'
            )
        whole = self.config.batch_size.train
        part = -(-whole // self.config.accumulate)
        told = f"a part of {_pictures(part)} of {size.width} x {size.height} does not fit into the memory of {where}; "
        fitting = self.fitting(part) if _fits(self.fill) else 0
        if not fitting:
            smaller = "Make /input_size or /width smaller, or take another /network"
            return ResourceError(f"{told}not even one does. {smaller}")
        parts = -(-whole // fitting)
        each = " for each device" if len(self.config.gpu_devices) > 1 else ""
        return ResourceError(
            f"{told}{fitting} fit{'s' if fitting == 1 else ''}. "
            f'Set "accumulate": {parts}, which computes the same batch in {parts} parts{each}'
        )

    def validation_error(self) -> ResourceError:
        """What to do where validation did not fit."""
        size, where = self.config.input_size, _told(self.forward.device)
        whole = "" if self.config.validate_on is None else " (of whole pictures: /validate_on/config/batch_size)"
        return ResourceError(
            f"validation on {_pictures(self.config.batch_size.val)} of {size.width} x {size.height} at once does not "
            f"fit into the memory of {where}. Make /batch_size/val smaller{whole}: it changes no score"
        )

    def fitting(self, below: int) -> int:
        """The most pictures, fewer than these, that go through forward and backward; 0 where not even one does."""
        fitting, too_many = 0, below
        while too_many - fitting > 1:
            pictures = (fitting + too_many) // 2
            if _fits(partial(self._compute, pictures)):
                fitting = pictures
            else:
                too_many = pictures
        return fitting

    def _compute(self, pictures: int) -> None:
        size = self.config.input_size
        shape_nhw4 = (pictures, size.height, size.width, 4)
        samples_nhw4 = torch.zeros(shape_nhw4, dtype=torch.uint8, device=self.forward.device)
        logits_nchw, labels_nhw = self.forward(samples_nhw4)
        totals = Totals(samples=pictures, pixels=labels_nhw.numel())
        self.criterion.contribution(logits_nchw, labels_nhw, totals).backward()


def _fits(work: Callable[[], None]) -> bool:
    """Whatever else is wrong with so few pictures, as batch statistics of a single pixel, does not fit either."""
    try:
        work()
    except (RuntimeError, MemoryError, ValueError) as error:
        traceback.clear_frames(error.__traceback__)
        return False
    finally:
        torch.cuda.empty_cache()
    return True


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"


def _told(device: torch.device) -> str:
    """The device and its memory; on a CPU what this process may have of it."""
    if device.type == "cuda":
        known = torch.cuda.get_device_properties(device)
        name, total = known.name, known.total_memory
    else:
        name, total = "the CPU", os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        total = total if limit == resource.RLIM_INFINITY else min(total, limit)
    return f"{name} ({total / 2**30:.1f} GiB)"
