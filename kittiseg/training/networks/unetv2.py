"""UNetV2: VGG16-BN as encoder, a dilated bottleneck, and a decoder with nearest up-sampling."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_CONVS_OF_BLOCKS = (2, 2, 3, 3, 3)
_CHANNELS_OF_BLOCKS = (64, 128, 256, 512, 512)


class UNetV2(nn.Module):
    """Logits (n, classes, h, w) of pictures (n, 3, h, w); h and w are multiples of 16.

    ``width`` multiplies all channels, rounded to multiples of 4. 32,684,610 parameters for 2 classes at width 1. The
    names and shapes of ``encoder`` are those of torchvision's ``vgg16_bn``: ``encoder.features.0.weight``.
    """

    multiple = 16

    def __init__(self, classes: int, width: float = 1.0) -> None:
        super().__init__()
        channels = [max(4, 4 * round(count * width / 4)) for count in _CHANNELS_OF_BLOCKS]
        deepest = channels[-1]
        self.encoder = _Encoder(channels)
        self.bottleneck = nn.Sequential(
            *_conv_bn_relu(deepest, deepest, dilation=2), *_conv_bn_relu(deepest, deepest, dilation=2)
        )
        below = [2 * deepest, *reversed(channels[1:-1])]
        self.decoder = nn.ModuleDict(
            {
                f"scale{scale}": _DecoderStage(source, skip)
                for scale, source, skip in zip((8, 4, 2, 1), below, reversed(channels[:-1]), strict=True)
            }
        )
        self.head = nn.Conv2d(channels[0], classes, 1)

    def forward(self, images_nchw: Tensor) -> Tensor:
        *skips, deepest = self.encoder(images_nchw)
        x_nchw = torch.cat([deepest, self.bottleneck(deepest)], 1)
        for stage in self.decoder.values():
            x_nchw = stage(x_nchw, skips.pop())
        return self.head(x_nchw)


class _Encoder(nn.Module):
    """The five blocks of VGG16-BN without its last pooling; gives what leaves each of them, from 1/1 to 1/16."""

    def __init__(self, channels: list[int]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        source = 3
        for convs, target in zip(_CONVS_OF_BLOCKS, channels, strict=True):
            if layers:
                layers.append(nn.MaxPool2d(2))
            for _ in range(convs):
                layers += _conv_bn_relu(source, target)
                source = target
        self.features = nn.ModuleList(layers)

    def forward(self, x_nchw: Tensor) -> list[Tensor]:
        leaving = []
        for layer in self.features:
            if isinstance(layer, nn.MaxPool2d):
                leaving.append(x_nchw)
            x_nchw = layer(x_nchw)
        return [*leaving, x_nchw]


class _DecoderStage(nn.Module):
    """Twice the size, the skip connection beside it, three convolutions."""

    def __init__(self, source: int, target: int) -> None:
        super().__init__()
        self.project = nn.Conv2d(source, target, 1)
        self.block = nn.Sequential(
            *_conv_bn_relu(2 * target, target), *_conv_bn_relu(target, target), *_conv_bn_relu(target, target)
        )

    def forward(self, x_nchw: Tensor, skip_nchw: Tensor) -> Tensor:
        # A 1 x 1 convolution and nearest up-sampling commute: convolving first is the same at a quarter of the cost.
        up_nchw = F.interpolate(self.project(x_nchw), scale_factor=2, mode="nearest")
        return self.block(torch.cat([skip_nchw, up_nchw], 1))


def _conv_bn_relu(source: int, target: int, *, dilation: int = 1) -> Iterator[nn.Module]:
    conv = nn.Conv2d(source, target, 3, padding=dilation, dilation=dilation)
    # Normalisation takes the bias out again: its gradient is rounding noise, which Adam would blow up to whole steps.
    conv.bias.requires_grad_(False)  # type: ignore[union-attr]
    yield conv
    yield nn.BatchNorm2d(target)
    yield nn.ReLU(inplace=True)
