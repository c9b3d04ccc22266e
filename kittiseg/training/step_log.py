"""What training steps report, kept on the device until several are sent at once, which nobody waits for."""

import math
import time
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from kittiseg.errors import KittisegError
from kittiseg.training.checkpoints import TrainState
from kittiseg.training.devices import peak_memory

_STEPS = 10
_SECONDS = 1.0
_NAMED = 4  # pictures of a batch that an error names


class StepLog:
    """Collects steps; :meth:`take` gives their records for the history. ``device``: where they are computed."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._steps: list[_Step] = []
        self._flying: list[_Flight] = []
        self._samples = 0
        self._waited = 0.0
        self._since = time.perf_counter()

    def add(self, state: TrainState, sums: Tensor, names: list[str], *, waited: float = 0.0) -> None:
        """``state`` after the step; ``sums``: loss and accuracy; ``names``: the pictures of the batch.

        ``waited``: seconds for which its pictures were not there when they were wanted.
        """
        self._steps.append(_Step(state, sums, names))
        self._waited += waited
        self._samples += len(names)

    @property
    def is_full(self) -> bool:
        return len(self._steps) >= _STEPS or time.perf_counter() - self._since >= _SECONDS

    def restart_clock(self) -> None:
        """What went by since the last :meth:`take` was no training."""
        self._since = time.perf_counter()

    def take(self, *, wait: bool) -> list[dict[str, Any]]:
        """The records of the steps that were added, once; KittisegError at the first whose loss is not finite.

        Without ``wait`` those whose values the device has not sent yet come the next time.
        """
        if self._steps:
            seconds = max(time.perf_counter() - self._since, 1e-9)
            pace = {
                "samples_per_s": round(self._samples / seconds, 3),
                "waited": round(self._waited / seconds, 4),
                "memory_mb": round(peak_memory(self._device) / 1e6, 1),
            }
            self._flying.append(_send(self._steps, pace))
            self._steps, self._samples, self._waited = [], 0, 0.0
            self.restart_clock()
        records = []
        while self._flying and (wait or self._flying[0].has_landed):
            records += self._flying.pop(0).records()
        return records


class _Step(NamedTuple):
    state: TrainState
    sums: Tensor
    names: list[str]


@dataclass(frozen=True)
class _Flight:
    """Steps whose ``values`` (n, 2; loss and accuracy) are on their way to the host; ``sent`` is None on a CPU."""

    steps: list[_Step]
    values: Tensor
    pace: dict[str, float]
    sent: torch.cuda.Event | None

    @property
    def has_landed(self) -> bool:
        return self.sent is None or self.sent.query()

    def records(self) -> list[dict[str, Any]]:
        """For the history, once the values are there."""
        if self.sent is not None:
            self.sent.synchronize()
        records = []
        for (state, _, names), (loss, accuracy) in zip(self.steps, self.values.tolist(), strict=True):
            if not math.isfinite(loss):
                raise not_finite("loss", loss, state, names)
            place = {"step": state.step, "epoch": round(state.epoch, 6)}
            records.append({"kind": "train", **place, "loss": loss, "accuracy": accuracy, **self.pace, "lr": state.lr})
        return records


def _send(steps: list[_Step], pace: dict[str, float]) -> _Flight:
    values = torch.stack([step.sums for step in steps]).to("cpu", non_blocking=True)
    sent = None
    if steps[0].sums.is_cuda:
        sent = torch.cuda.Event()
        sent.record()
    return _Flight(steps, values, pace, sent)


def not_finite(what: str, value: float, state: TrainState, names: list[str]) -> KittisegError:
    """The error that ends a training whose loss is infinite or not a number."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    pictures = f", on the pictures {', '.join(names[:_NAMED])}{more}" if names else ""
    good = f"checkpoint {state.checkpoint} is good" if state.checkpoint else "there is no checkpoint yet"
    return KittisegError(
        f"the {what} is {value} after step {state.step} (epoch {state.epoch:.2f}, lr {state.lr:g}){pictures}; {good}. "
        'Train anew with a smaller "lr", or with "precision": "fp32"'
    )
