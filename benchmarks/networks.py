"""Forward passes of each network on the CPU as prediction runs it, against UNetV2's at width 1."""

from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks.measure import Ratio, best_of, seconds
from kittiseg.inference.network import fold_batch_norms
from kittiseg.training.networks import make_network

BATCH, SIDE = 8, 256
KINDS = (("unetv2", 1.0), ("unetv2", 0.25), ("lightunet", 1.0), ("lightunet", 0.5))


def run(folder: Path) -> list[Ratio]:
    """Batches of finished pictures, in bf16, batch norms folded; the best of five rounds."""
    torch.manual_seed(0)
    networks = [make_network(name, 2, width) for name, width in KINDS]
    millions = [sum(parameter.numel() for parameter in network.parameters()) / 1e6 for network in networks]
    passes = [forward_pass(network) for network in networks]
    for one in passes:
        one()
    rates = [BATCH / spent for spent in best_of(5, *(lambda one=one: seconds(one) for one in passes))]
    return [
        Ratio(f"{name}, width {width:g}, {count:.2f} M parameters, {SIDE} x {SIDE}", rate, rates[0], "pictures/s")
        for (name, width), count, rate in zip(KINDS, millions, rates, strict=True)
    ]


def forward_pass(network: torch.nn.Module) -> Callable[[], None]:
    """A batch through the network, as :class:`NetworkForward` runs it."""
    folded = fold_batch_norms(network).to(memory_format=torch.channels_last)
    batch_nchw = torch.randn(BATCH, 3, SIDE, SIDE).to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def run() -> None:
        with torch.autocast("cpu", torch.bfloat16):
            folded(batch_nchw)

    return run
