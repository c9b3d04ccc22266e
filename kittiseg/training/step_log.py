"""What training steps report, kept on the device until several are read at once: each reading waits for the device."""

import math
import time
from typing import Any

import torch
from torch import Tensor

from kittiseg.errors import KittisegError
from kittiseg.training.checkpoints import TrainState
from kittiseg.training.devices import peak_memory

_STEPS = 10
_SECONDS = 1.0


class StepLog:
    """Collects steps; :meth:`take` gives their records for the history. ``device``: where they are computed."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._steps: list[tuple[TrainState, Tensor, list[str]]] = []
        self._samples = 0
        self._since = time.perf_counter()

    def add(self, state: TrainState, sums: Tensor, names: list[str]) -> None:
        """``state`` after the step; ``sums``: loss and accuracy; ``names``: the pictures of the batch."""
        self._steps.append((state, sums, names))
        self._samples += len(names)

    @property
    def is_full(self) -> bool:
        return len(self._steps) >= _STEPS or time.perf_counter() - self._since >= _SECONDS

    def restart_clock(self) -> None:
        """What went by since the last :meth:`take` was no training."""
        self._since = time.perf_counter()

    def take(self) -> list[dict[str, Any]]:
        """The records of the steps since the last call; KittisegError at the first whose loss is not finite."""
        if not self._steps:
            return []
        values = torch.stack([sums for _, sums, _ in self._steps]).tolist()
        rate = self._samples / max(time.perf_counter() - self._since, 1e-9)
        memory = round(peak_memory(self._device) / 1e6, 1)
        records = []
        for (state, _, names), (loss, accuracy) in zip(self._steps, values, strict=True):
            if not math.isfinite(loss):
                raise not_finite("loss", loss, state, names)
            records.append(
                {
                    "kind": "train",
                    "step": state.step,
                    "epoch": round(state.epoch, 6),
                    "loss": loss,
                    "accuracy": accuracy,
                    "samples_per_s": round(rate, 3),
                    "memory_mb": memory,
                    "lr": state.lr,
                }
            )
        self._steps, self._samples = [], 0
        self.restart_clock()
        return records


def not_finite(what: str, value: float, state: TrainState, names: list[str]) -> KittisegError:
    """The error that ends a training whose loss is infinite or not a number."""
    pictures = f", on the pictures {', '.join(names)}" if names else ""
    good = f"checkpoint {state.checkpoint} is good" if state.checkpoint else "there is no checkpoint yet"
    return KittisegError(
        f"the {what} is {value} after step {state.step} (epoch {state.epoch:.2f}, lr {state.lr:g}){pictures}; {good}. "
        'Train anew with a smaller "lr", or with "precision": "fp32"'
    )
