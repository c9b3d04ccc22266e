"""A torch network as a ``forward``: windows of any size in, class probabilities of that size out."""

import copy
from collections.abc import Iterator
from functools import reduce
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.fx.experimental.optimization import fuse
from torch.fx.proxy import TraceError
from torch.nn import functional as F

from kittiseg.inference.config import Augmentation
from kittiseg.project.geometry import Size

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

Precision = Literal["auto", "bf16", "fp32"]


class NetworkForward:
    """RGB uint8 (n, h, w, 3) -> probabilities float32 (n, c, h, w), summing to 1 over the classes.

    The windows are resized to ``input_size`` bilinearly, the aspect ignored, or to the size that a call names; the
    probabilities (not the scores before the softmax) are resized back bilinearly, as in 2018. ``network`` maps a batch
    of pictures, normalised by ImageNet's mean and deviation, to logits_nchw of the input's size; it is copied, never
    changed.

    ``augment``: what is averaged, none but the window as it is by default. ``temperature``: what logits are divided by.
    ``pad_to``: fewer windows are filled up with black ones to so many, whose results nobody sees: what was compiled for
    one shape, or captured as a CUDA graph, then serves the last batch too.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        input_size: Size,
        device: str = "cpu",
        precision: Precision = "auto",
        augment: Augmentation | None = None,
        temperature: float = 1.0,
        compile: bool = False,  # noqa: A002 - as in the config
        pad_to: int = 0,
    ) -> None:
        self._device = torch.device(device)
        self._autocast = precision == "bf16" or (precision == "auto" and computes_bf16(self._device))
        self._input = input_size
        self._multiple = multiple_of(network)
        self._augment = augment or Augmentation()
        self._temperature = temperature
        self._pad_to = pad_to
        network = fold_batch_norms(network)
        self._network = network.to(self._device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if compile:  # CUDA graphs, by that mode, take one launch instead of hundreds
            self._network.compile(mode="reduce-overhead" if self._on_cuda else "default", dynamic=False)
        mean, deviation = torch.tensor([IMAGENET_MEAN, IMAGENET_STD], device=self._device)[:, :, None, None] * 255
        self._shift, self._scale = -mean / deviation, 1 / deviation

    def __call__(self, windows_nhwc: np.ndarray, input_size: Size | None = None) -> np.ndarray:
        """The probabilities of windows of one size. ValueError where ``input_size`` is none that the network takes."""
        return np.stack(list(self.one_by_one(windows_nhwc, input_size)))

    @torch.inference_mode()
    def one_by_one(self, windows_nhwc: np.ndarray, input_size: Size | None = None) -> "ProbabilitiesLater":
        """As a call, without waiting for what can wait until the first window's probabilities are taken.

        On a GPU that is everything: where the next windows come before these are taken, copies and computing overlap. A
        CPU resizes each window's probabilities when they are taken, which saves memory.
        """
        window = Size(height=windows_nhwc.shape[1], width=windows_nhwc.shape[2])
        views = self._views(self._upload(windows_nhwc), input_size or self._input)
        if self._on_cuda or self._augment.views > 1:
            views = (_resize(view_nchw, window) for view_nchw in views)
        probs_nchw = reduce(Tensor.add_, views)
        if self._augment.views > 1:
            probs_nchw = probs_nchw.div_(self._augment.views)
        return ProbabilitiesLater(probs_nchw[: len(windows_nhwc)], window)

    @property
    def _on_cuda(self) -> bool:
        return self._device.type == "cuda"

    def _upload(self, windows_nhwc: np.ndarray) -> Tensor:
        """Uint8 (n, 3, h, w) on the device, channel by channel, which is resized in half the time."""
        host_nhwc = torch.from_numpy(windows_nhwc)
        if self._on_cuda:  # from memory that the system may not move, or the copy would wait for all work before it
            host_nhwc = host_nhwc.pin_memory()
        pixels_nhwc = host_nhwc.to(self._device, non_blocking=True)
        missing = self._pad_to - len(windows_nhwc)
        if missing > 0:
            pixels_nhwc = F.pad(pixels_nhwc, (0, 0, 0, 0, 0, 0, 0, missing))
        return pixels_nhwc.permute(0, 3, 1, 2).contiguous()

    def _views(self, pixels_nchw: Tensor, size: Size) -> Iterator[Tensor]:
        """The probabilities, at the network's size, of everything that a window is shown as. ValueError as a call."""
        if size.height % self._multiple or size.width % self._multiple:
            raise ValueError(f"the input is {size} px and the network wants multiples of {self._multiple}; round it up")
        for scale in self._augment.scales:
            image_nchw = self._normalised(self._resize_pixels(pixels_nchw, _scaled(size, scale, self._multiple)))
            for axes in self._augment.axes:
                probs_nchw = self._probabilities(image_nchw.flip(axes) if axes else image_nchw)
                yield probs_nchw.flip(axes) if axes else probs_nchw

    def _resize_pixels(self, pixels_nchw: Tensor, size: Size) -> Tensor:
        """As float32. On a CPU one by one: a batch of large windows as float32 would be new memory each time."""
        if self._on_cuda:
            return _resize(pixels_nchw.float(), size)
        return torch.cat([_resize(pixels_chw[None].float(), size) for pixels_chw in pixels_nchw])

    def _normalised(self, pixels_nchw: Tensor) -> Tensor:
        return torch.addcmul(self._shift, pixels_nchw, self._scale).contiguous(memory_format=torch.channels_last)

    def _probabilities(self, image_nchw: Tensor) -> Tensor:
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._autocast):
            logits_nchw = self._network(image_nchw)
        # interpolate takes four times longer on two channels when they lie innermost
        logits_nchw = logits_nchw.to(torch.float32, memory_format=torch.contiguous_format)
        return (logits_nchw if self._temperature == 1 else logits_nchw / self._temperature).softmax(dim=1)


class ProbabilitiesLater:
    """Probabilities of windows, float32 (n, c, h, w), on any device, which come one by one to the host.

    The copy from a GPU begins at once. What has not the size of a ``window`` is resized when it is taken.
    """

    def __init__(self, probs_nchw: Tensor, window: Size) -> None:
        self._window = window
        self._probs_nchw, self._copied = probs_nchw, None
        if probs_nchw.is_cuda:
            self._probs_nchw = torch.empty(probs_nchw.shape, pin_memory=True).copy_(probs_nchw, non_blocking=True)
            self._copied = torch.cuda.current_stream(probs_nchw.device).record_event()

    @property
    def shape(self) -> tuple[int, ...]:
        """That of all of them: (n, c, h, w)."""
        return (*self._probs_nchw.shape[:2], self._window.height, self._window.width)

    def __iter__(self) -> Iterator[np.ndarray]:
        """Of one window after the other, float32 (c, h, w)."""
        if self._copied is not None:
            self._copied.synchronize()
        for probs_chw in self._probs_nchw:
            with torch.inference_mode():
                resized_nchw = _resize(probs_chw[None], self._window)
            yield resized_nchw[0].numpy()


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


def _resize(values_nchw: Tensor, size: Size) -> Tensor:
    if values_nchw.shape[2:] == (size.height, size.width):
        return values_nchw
    return F.interpolate(values_nchw, (size.height, size.width), mode="bilinear", align_corners=False)


def _scaled(size: Size, scale: float, multiple: int) -> Size:
    """The nearest size that the network takes, at least one multiple."""
    height, width = (max(round(side * scale / multiple), 1) * multiple for side in (size.height, size.width))
    return Size(height=height, width=width)
