"""A torch network as a ``forward``: windows of any size in, class probabilities of that size out."""

import copy
from typing import Literal

import numpy as np
import torch
from torch import nn
from torch.fx.experimental.optimization import fuse
from torch.fx.proxy import TraceError
from torch.nn import functional as F

from kittiseg.project.geometry import Size

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

Precision = Literal["auto", "bf16", "fp32"]


class NetworkForward:
    """RGB uint8 (n, h, w, 3) -> probabilities float32 (n, c, h, w), summing to 1 over the classes.

    The windows are resized to ``input_size`` bilinearly, the aspect ignored, or to the size that a call names; the
    probabilities (not the scores before the softmax) are resized back bilinearly, as in 2018. ``network`` maps a batch
    of pictures, normalised by ImageNet's mean and deviation, to logits_nchw of the input's size; it is copied, never
    changed. ``threads`` sets torch's number for the whole process.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        input_size: Size,
        device: str = "cpu",
        precision: Precision = "auto",
        threads: int | None = None,
    ) -> None:
        if threads is not None:
            torch.set_num_threads(threads)
        self._device = torch.device(device)
        self._autocast = precision == "bf16" or (precision == "auto" and computes_bf16(self._device))
        self._input = input_size
        self._multiple = multiple_of(network)
        network = fold_batch_norms(network)
        self._network = network.to(self._device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        mean, deviation = torch.tensor([IMAGENET_MEAN, IMAGENET_STD], device=self._device)[:, :, None, None] * 255
        self._shift, self._scale = -mean / deviation, 1 / deviation

    @torch.inference_mode()
    def __call__(self, windows_nhwc: np.ndarray, input_size: Size | None = None) -> np.ndarray:
        """The probabilities of windows of one size. ValueError where ``input_size`` is none that the network takes."""
        size = input_size or self._input
        if size.height % self._multiple or size.width % self._multiple:
            raise ValueError(f"the input is {size} px and the network wants multiples of {self._multiple}; round it up")
        window = Size(height=windows_nhwc.shape[1], width=windows_nhwc.shape[2])
        pixels_nchw = torch.from_numpy(windows_nhwc).to(self._device).permute(0, 3, 1, 2)  # channels_last as it is
        image_nchw = torch.addcmul(self._shift, _resize(pixels_nchw.float(), size), self._scale)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._autocast):
            logits_nchw = self._network(image_nchw)
        # interpolate takes four times longer on two channels when they lie innermost
        probs_nchw = logits_nchw.float().contiguous().softmax(dim=1)
        return _resize(probs_nchw, window).cpu().numpy()


def multiple_of(network: nn.Module) -> int:
    """Of what the height and the width of a network's input must be multiples; 1 where it does not say."""
    return int(getattr(network, "multiple", 1))


def fold_batch_norms(network: nn.Module) -> nn.Module:
    """A copy, in eval mode, whose convolutions carry the batch norms behind them: the same function, a tenth faster.

    A network whose path depends on its input cannot be traced, and is copied as it is.
    """
    network = copy.deepcopy(network).eval()
    try:
        return fuse(network, inplace=True)
    except TraceError:
        return network


def computes_bf16(device: torch.device) -> bool:
    """Whether the hardware itself computes bfloat16: CUDA from Ampere on, CPUs with AMX or AVX512_BF16."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()


def _resize(values_nchw: torch.Tensor, size: Size) -> torch.Tensor:
    if values_nchw.shape[2:] == (size.height, size.width):
        return values_nchw
    return F.interpolate(values_nchw, (size.height, size.width), mode="bilinear", align_corners=False)
