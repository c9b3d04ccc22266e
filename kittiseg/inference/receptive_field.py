"""How far a network looks: what lies further from a pixel than that changes nothing of what it says of the pixel."""

import copy

import torch
from torch import Tensor, nn

from kittiseg.inference.network import multiple_of

_FIRST_LENGTH, _LAST_LENGTH = 512, 4096


def receptive_field(network: nn.Module) -> int | None:
    """The px of the input to each side of a pixel that its logits may depend on, rounded up to the network's multiple.

    It may be one multiple more than need be. None where it is more than 2000 px, as of a network that averages over
    its whole input. What begins elsewhere gives the same logits only where it begins a whole number of multiples away.

    A strip of the input, one multiple wide, is set to NaN. Whatever NaN is added to, multiplied by or compared with
    becomes NaN, also where a weight is 0, so the logits that are NaN are all that could know of the strip.
    """
    network = copy.deepcopy(network).to("cpu", torch.float32).eval()
    down, right = _reach(network, 2), _reach(network, 3)
    return None if down is None or right is None else max(down, right)


def _reach(network: nn.Module, axis: int) -> int | None:
    """Along an axis of nchw. The input is lengthened until the logits at both of its ends are numbers."""
    multiple, length = multiple_of(network), _FIRST_LENGTH
    while length <= _LAST_LENGTH:
        start, end = (place // multiple * multiple for place in (length // 2, length + multiple))
        touched = _touched(network, axis, start, end)
        first, last = int(touched[0]), int(touched[-1])
        if first > 0 and last < end - 1:
            furthest = max(start + multiple - 1 - first, last - start)
            return -(-furthest // multiple) * multiple
        length *= 2
    return None


@torch.inference_mode()
def _touched(network: nn.Module, axis: int, start: int, end: int) -> Tensor:
    """The places 0..end-1 of the logits that know of the strip that begins at ``start``."""
    multiple = multiple_of(network)
    images_nchw = torch.zeros(1, 3, *((end, multiple) if axis == 2 else (multiple, end)))
    images_nchw.narrow(axis, start, multiple).fill_(torch.nan)
    untouched_n = network(images_nchw).isfinite().all(dim=1).all(dim=4 - axis)[0]
    return (~untouched_n).nonzero()[:, 0]
