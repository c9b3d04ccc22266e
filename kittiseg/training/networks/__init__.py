"""The networks that a config can name. To add one: a file here, and a line in NETWORKS.

A network is made by ``build(classes, width)`` and maps RGB pictures (n, 3, h, w), normalised, h and w multiples of 16,
to logits (n, classes, h, w). Its last layer is called ``head``: transfer learning leaves it out. What names of
``torchvision``'s weights apply to lies under ``encoder``.
"""

from collections.abc import Callable

from torch import nn

from kittiseg.training.networks.unetv2 import UNetV2

NETWORKS: dict[str, Callable[[int, float], nn.Module]] = {
    "unetv2": UNetV2,
}

HEAD = "head."
ENCODER = "encoder."
