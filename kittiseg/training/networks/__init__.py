"""The networks that a config can name. To add one: a file here, and a line in NETWORKS.

A network is made by ``build(classes, width)`` and maps RGB pictures (n, 3, h, w), normalised, h and w multiples of its
``multiple``, to logits (n, classes, h, w). Its last layer is called ``head``: transfer learning leaves it out. What
names of ``torchvision``'s VGG16-BN apply to lies under ``encoder``.
"""

from collections.abc import Callable

from torch import nn

from kittiseg.config import did_you_mean
from kittiseg.training.networks.lightunet import LightUNet
from kittiseg.training.networks.smp import FORM, PREFIX, SmpNetwork, parts_of
from kittiseg.training.networks.unetv2 import UNetV2

NETWORKS: dict[str, Callable[[int, float], nn.Module]] = {
    "lightunet": LightUNet,
    "unetv2": UNetV2,
}

HEAD = "head."
ENCODER = "encoder."


def make_network(name: str, classes: int, width: float) -> nn.Module:
    """The network that a config's ``network`` names, with random weights."""
    return SmpNetwork(name, classes) if name.startswith(PREFIX) else NETWORKS[name](classes, width)


def encoder_of(network: nn.Module) -> nn.Module | None:
    """The part that begins with the weights of another task; None where the network has no such part."""
    return getattr(network, "encoder", None)


def check_network(name: str, width: float) -> None:
    """ValueError where there is no network of this name, or none of this width."""
    if name.startswith(PREFIX):
        parts_of(name)
        if width != 1:
            raise ValueError(f"width is {width:g}, but '{name}' has the width of its encoder; leave width out")
    elif name not in NETWORKS:
        raise ValueError(f"network '{name}' is not known{did_you_mean(name, [*NETWORKS, FORM])}")
