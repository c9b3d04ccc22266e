"""LightUNet: a small U-Net of depthwise-separable convolutions, for edge devices and CPUs."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_CHANNELS_OF_SCALES = (32, 64, 160, 320)
"""At 1/2, 1/4, 1/8 and 1/16 of the picture."""
_DILATIONS_OF_SCALES = ((1,), (1, 1), (1, 1, 1), (1, 1, 2, 4, 8, 4, 2, 1, 1))
"""Of each scale's blocks. With those at 1/16 a pixel of the logits sees 400 px to each side."""


class LightUNet(nn.Module):
    """Logits (n, classes, h, w) of pictures (n, 3, h, w); h and w are multiples of 16.

    ``width`` multiplies all channels, rounded to multiples of 4. 1,114,178 parameters for 2 classes at width 1, and
    less than a hundredth of UNetV2's arithmetic: the first convolution halves the picture, all others of 3 x 3 are
    depthwise-separable (Howard et al., "MobileNets", 2017), residual where the shape stays, and the logits are
    reckoned at half the size and enlarged bilinearly. Skips are joined as in U-Net (Ronneberger et al., 2015).
    """

    multiple = 16

    def __init__(self, classes: int, width: float = 1.0) -> None:
        super().__init__()
        channels = [max(4, 4 * round(count * width / 4)) for count in _CHANNELS_OF_SCALES]
        self.stem = nn.Sequential(
            nn.Conv2d(3, channels[0], 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(channels[0]),
            nn.ReLU(inplace=True),
        )
        self.down = nn.ModuleList(
            _blocks(source, target, dilations, stride=stride)
            for source, target, dilations, stride in zip(
                [channels[0], *channels[:-1]], channels, _DILATIONS_OF_SCALES, (1, 2, 2, 2), strict=True
            )
        )
        self.up = nn.ModuleList(_Join(low, skip) for low, skip in zip(channels[:0:-1], channels[-2::-1], strict=True))
        self.head = nn.Conv2d(channels[0], classes, 1)

    def forward(self, images_nchw: Tensor) -> Tensor:
        x_nchw = self.stem(images_nchw)
        leaving = []
        for scale in self.down:
            x_nchw = scale(x_nchw)
            leaving.append(x_nchw)
        leaving.pop()
        for join in self.up:
            x_nchw = join(x_nchw, leaving.pop())
        return F.interpolate(self.head(x_nchw), scale_factor=2, mode="bilinear", align_corners=False)


def _blocks(source: int, target: int, dilations: tuple[int, ...], *, stride: int) -> nn.Sequential:
    first = _Separable(source, target, stride=stride)
    return nn.Sequential(first, *(_Separable(target, target, dilation=dilation) for dilation in dilations[1:]))


class _Separable(nn.Module):
    """3 x 3 within each channel, then 1 x 1 across them; the input is added where the shape stays."""

    def __init__(self, source: int, target: int, *, stride: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.residual = source == target and stride == 1
        self.block = nn.Sequential(
            nn.Conv2d(source, source, 3, stride=stride, padding=dilation, dilation=dilation, groups=source, bias=False),
            nn.BatchNorm2d(source),
            nn.ReLU(inplace=True),
            nn.Conv2d(source, target, 1, bias=False),
            nn.BatchNorm2d(target),
            nn.ReLU(inplace=True),
        )

    def forward(self, x_nchw: Tensor) -> Tensor:
        return x_nchw + self.block(x_nchw) if self.residual else self.block(x_nchw)


class _Join(nn.Module):
    """Twice the size (nearest), the skip connection beside it, one block."""

    def __init__(self, low: int, skip: int) -> None:
        super().__init__()
        self.project = nn.Sequential(nn.Conv2d(low, skip, 1, bias=False), nn.BatchNorm2d(skip), nn.ReLU(inplace=True))
        self.block = _Separable(2 * skip, skip)

    def forward(self, low_nchw: Tensor, skip_nchw: Tensor) -> Tensor:
        up_nchw = F.interpolate(self.project(low_nchw), scale_factor=2, mode="nearest")
        return self.block(torch.cat([skip_nchw, up_nchw], 1))
