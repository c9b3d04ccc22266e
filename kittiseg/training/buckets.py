"""The gradients of a group of workers become their sums, bucket by bucket, while the backward pass goes on."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
import torch.distributed as dist
from torch import Tensor, nn

_BYTES = 25 << 20  # as large as those of DistributedDataParallel


@dataclass
class _Bucket:
    """``flat``: where the gradients of these parameters lie. ``missing``: how many are not complete yet."""

    flat: Tensor
    parameters: list[nn.Parameter] = field(default_factory=list)
    missing: int = 0
    sending: dist.Work | None = None


class GradientBuckets:
    """Sums the gradients of ``parameters`` over torch.distributed's default group.

    Every gradient is a part of a flat tensor, laid out as its parameter is, so that nothing is copied to be sent.
    Buckets are sent in the same order by all workers, also by one that computed nothing. They hold the parameters from
    the last to the first, since the backward pass gets to them in this order.
    """

    def __init__(self, parameters: Sequence[nn.Parameter], *, bytes_each: int = _BYTES) -> None:
        self._buckets = [_make_bucket(group) for group in _grouped(parameters, bytes_each)]
        self._sent = 0
        self._last_part = False
        self._hooks = [
            parameter.register_post_accumulate_grad_hook(lambda _, bucket=bucket: self._completed(bucket))
            for bucket in self._buckets
            for parameter in bucket.parameters
        ]

    def begin(self) -> None:
        """Before the backward passes of a step: all gradients are 0."""
        self._sent, self._last_part = 0, False
        for bucket in self._buckets:
            bucket.flat.zero_()
            bucket.missing, bucket.sending = len(bucket.parameters), None

    def last_part(self) -> None:
        """The next backward pass is this worker's last in the step: a gradient that it has reached is complete."""
        self._last_part = True

    def finish(self) -> None:
        """Sends what was not sent, and waits until every gradient is the sum over all workers."""
        for bucket in self._buckets:
            bucket.missing = 0
        self._send_complete()
        for bucket in self._buckets:
            assert bucket.sending is not None
            bucket.sending.wait()

    def close(self) -> None:
        """Parameters and gradients are ordinary ones again."""
        for hook in self._hooks:
            hook.remove()
        for bucket in self._buckets:
            for parameter in bucket.parameters:
                parameter.grad = None

    def _completed(self, bucket: _Bucket) -> None:
        if self._last_part:
            bucket.missing -= 1
            self._send_complete()

    def _send_complete(self) -> None:
        while self._sent < len(self._buckets) and self._buckets[self._sent].missing == 0:
            bucket = self._buckets[self._sent]
            bucket.sending = dist.all_reduce(bucket.flat, async_op=True)
            self._sent += 1


def _grouped(parameters: Sequence[nn.Parameter], bytes_each: int) -> list[list[nn.Parameter]]:
    groups: list[list[nn.Parameter]] = []
    room = 0
    for parameter in reversed(parameters):
        size = parameter.numel() * parameter.element_size()
        if not groups or size > room:
            groups.append([])
            room = bytes_each
        groups[-1].append(parameter)
        room -= size
    return groups


def _make_bucket(parameters: list[nn.Parameter]) -> _Bucket:
    first = parameters[0]
    flat = torch.zeros(sum(parameter.numel() for parameter in parameters), dtype=first.dtype, device=first.device)
    for parameter, part in zip(parameters, flat.split([each.numel() for each in parameters]), strict=True):
        parameter.grad = part.as_strided(parameter.shape, parameter.stride())
    return _Bucket(flat, parameters)
