"""What a network is given: samples on its device become normalised tensors."""

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor, nn

from kittiseg.training.config import Precision

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def normalise(images_nhwc: Tensor) -> Tensor:
    """RGB uint8 as float32 (n, 3, h, w), ``(x / 255 - mean) / std`` of ImageNet, channels last in memory."""
    mean_c, std_c = _imagenet(images_nhwc.device)
    return images_nhwc.float().sub_(mean_c).div_(std_c).permute(0, 3, 1, 2)


@cache
def _imagenet(device: torch.device) -> tuple[Tensor, Tensor]:
    """Mean and deviation of each channel, of 0..255; made once, for a copy to the device waits for all its work."""
    with torch.inference_mode(False):
        mean_c, std_c = (torch.tensor(values_c, device=device) * 255 for values_c in (IMAGENET_MEAN, IMAGENET_STD))
    return mean_c, std_c


@dataclass(frozen=True, eq=False)
class Forward:
    """A network on its device, computing in ``bf16`` or ``fp32``."""

    network: nn.Module
    device: torch.device
    precision: Precision

    def __call__(self, samples_nhw4: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (n, c, h, w) and labels (n, h, w) of samples as :class:`~kittiseg.training.feed.Feed` gives them."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bf16"):
            return self.network(normalise(samples_nhw4[..., :3])), samples_nhw4[..., 3]

    def track_statistics(self, on: bool) -> None:
        """Whether batches move the running statistics of batch normalisation, in training mode."""
        for module in self.network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.track_running_stats = on
