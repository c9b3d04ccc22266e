"""What a network is given: pictures in memory become normalised tensors on its device."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from kittiseg.training.config import Precision
from kittiseg.training.samples import Samples

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def normalise(images_nhwc: Tensor) -> Tensor:
    """RGB uint8 as float32 (n, 3, h, w), ``(x / 255 - mean) / std`` of ImageNet, channels last in memory."""
    mean_c = torch.tensor(IMAGENET_MEAN, device=images_nhwc.device) * 255
    std_c = torch.tensor(IMAGENET_STD, device=images_nhwc.device) * 255
    return images_nhwc.float().sub_(mean_c).div_(std_c).permute(0, 3, 1, 2)


@dataclass(frozen=True, eq=False)
class Forward:
    """A network on its device, computing in ``bf16`` or ``fp32``."""

    network: nn.Module
    device: torch.device
    precision: Precision

    def __call__(self, samples: Samples, indices: np.ndarray) -> tuple[Tensor, Tensor]:
        """Logits (n, c, h, w) and labels (n, h, w) of the pictures of these indices."""
        images_nhwc = torch.from_numpy(samples.images_nhwc[indices]).to(self.device, non_blocking=True)
        labels_nhw = torch.from_numpy(samples.labels_nhw[indices]).to(self.device, non_blocking=True)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bf16"):
            return self.network(normalise(images_nhwc)), labels_nhw

    def track_statistics(self, on: bool) -> None:
        """Whether batches move the running statistics of batch normalisation, in training mode."""
        for module in self.network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.track_running_stats = on
