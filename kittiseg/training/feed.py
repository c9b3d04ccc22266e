"""Samples become batches on the network's device; the next ones are made while one is computed."""

import time
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import psutil
import torch
from torch import Tensor

from kittiseg.project.ahead import map_ahead
from kittiseg.training.config import SamplesIn
from kittiseg.training.samples import Samples

_AHEAD = 2
_PAGE = 4096
_SHARE_OF_DEVICE = 0.4  # the rest is for the network, its gradients and what a step needs
_SHARE_OF_HOST = 0.5


class Feed:
    """Batches of samples on a device.

    ``where``: ``device`` holds all samples on the device; ``memory`` in the host's memory, once for all its workers;
    ``stream`` reads them from the disk as they are wanted. The batches are the same.
    """

    def __init__(self, samples: Samples, where: SamplesIn, device: torch.device) -> None:
        self.samples = samples
        self.waited = 0.0
        """Seconds for which a batch was not there when it was wanted."""
        self._device = device
        self._all_nhw4 = _upload(samples, device) if where == "device" else None
        if where == "memory":
            touch(samples)

    def batches(self, wanted: Iterable[np.ndarray]) -> Generator[Tensor, None, None]:
        """The samples of each array of indices, uint8 (n, h, w, 4): red, green, blue, class index."""
        if self._all_nhw4 is not None:
            for indices in wanted:
                yield self._all_nhw4[torch.from_numpy(indices).to(self._device, non_blocking=True)]
            return
        with ThreadPoolExecutor(1, thread_name_prefix="feed") as pool:
            ready = map_ahead(self._taken, wanted, pool, ahead=_AHEAD)
            began = time.perf_counter()
            for batch_nhw4 in ready:
                self.waited += time.perf_counter() - began
                yield batch_nhw4.to(self._device, non_blocking=True)
                began = time.perf_counter()

    def _taken(self, indices: np.ndarray) -> Tensor:
        batch_nhw4 = torch.from_numpy(self.samples.take(indices))
        return batch_nhw4.pin_memory() if self._device.type == "cuda" else batch_nhw4


def where_samples_fit(bytes_needed: int, device: torch.device) -> SamplesIn:
    """The quickest place on this machine that can hold so many bytes."""
    if device.type == "cuda" and bytes_needed <= _SHARE_OF_DEVICE * torch.cuda.mem_get_info(device)[0]:
        return "device"
    return "memory" if bytes_needed <= _SHARE_OF_HOST * psutil.virtual_memory().available else "stream"


def touch(samples: Samples) -> None:
    """Has the system read mapped files into memory, which it shares among the processes that map them."""
    for shard in samples.shards.values():
        shard.reshape(-1)[::_PAGE].max(initial=0)


def _upload(samples: Samples, device: torch.device) -> Tensor:
    """All samples on the device in the order of their index."""
    first_hw4 = samples.take(np.arange(1))[0]
    all_nhw4 = torch.empty((len(samples), *first_hw4.shape), dtype=torch.uint8, device=device)
    for part in np.array_split(np.arange(len(samples)), max(1, samples.bytes >> 28)):
        all_nhw4[part[0] : part[-1] + 1] = torch.from_numpy(samples.take(part))
    return all_nhw4
