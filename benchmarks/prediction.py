"""Sliding windows over whole frames, against bare forward passes of the same windows, and against MONAI."""

import copy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from monai.inferers import sliding_window_inference
from torch.nn import functional as F

from benchmarks.measure import Ratio, frames, medians_of, seconds
from kittiseg.inference.config import SlidingWindowSettings, WindowOverlap, WindowSize
from kittiseg.inference.modes import make_mode
from kittiseg.inference.network import NetworkForward, fold_batch_norms
from kittiseg.inference.predictor import Predictor, label_maps
from kittiseg.pipeline import Run
from kittiseg.project.geometry import Size
from kittiseg.training.networks import NETWORKS

BATCH, SIDE = 14, 256
TUTORIAL = SlidingWindowSettings(window=WindowSize(width=370, height=370), min_overlap=WindowOverlap(x=300, y=0))
ROUNDS = 9


def run(folder: Path) -> list[Ratio]:
    """The tutorial's windows, 28 a frame, by the tutorial's network and by one of a quarter of its width."""
    project = frames(Run.at(folder / "workspace", engine="local"), folder)
    images = [project.item(key).image.pixels() for key in project.keys()[:4]]
    return [ratio for width, count in ((1.0, 1), (0.25, 4)) for ratio in beside_others(width, images[:count])]


def beside_others(width: float, images: list[np.ndarray]) -> list[Ratio]:
    """The bare passes get finished batches, and their scores are dropped."""
    torch.manual_seed(0)
    network = NETWORKS["unetv2"](2, width).eval()
    forward = NetworkForward(network, input_size=Size(height=SIDE, width=SIDE), precision="bf16")
    predictor, mode = Predictor(forward.one_by_one, classes=2, batch_size=BATCH), make_mode(TUTORIAL)
    passes = bare_passes(network, count=28 * len(images) // BATCH)
    monai = monai_predictor(network)
    ours, bare, theirs = medians_of(
        ROUNDS,
        lambda: seconds(lambda: list(label_maps(predictor, mode, enumerate(images)))),
        lambda: seconds(passes),
        lambda: seconds(lambda: [monai(image_hwc) for image_hwc in images]),
    )
    title, count = f"28 windows a frame, width {width}, batches of {BATCH}", len(images)
    return [
        Ratio(f"{title}: ours / bare forward passes", ours / count, bare / count, "s a frame", "at most 1.05"),
        Ratio(
            f"{title}: ours / MONAI's sliding_window_inference", ours / count, theirs / count, "s a frame", "at most 1"
        ),
    ]


def bare_passes(network: torch.nn.Module, *, count: int) -> Callable[[], None]:
    """So many passes of a finished batch through the network as we run it, batch norms folded."""
    folded = fold_batch_norms(network).to(memory_format=torch.channels_last)
    batch_nchw = torch.randn(BATCH, 3, SIDE, SIDE).to(memory_format=torch.channels_last)

    def run() -> None:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            for _ in range(count):
                folded(batch_nchw)

    return run


def monai_predictor(
    network: torch.nn.Module, *, window: int = 370, overlap: tuple[float, float] = (0.0, 300 / 370)
) -> Callable[[np.ndarray], np.ndarray]:
    """The same network, plan, precision and sizes, as one writes it with MONAI. Overlaps are parts of the window."""
    network = copy.deepcopy(network).to(memory_format=torch.channels_last)
    mean = torch.tensor((0.485, 0.456, 0.406))[:, None, None]
    deviation = torch.tensor((0.229, 0.224, 0.225))[:, None, None]

    def score(windows_nchw: torch.Tensor) -> torch.Tensor:
        small_nchw = F.interpolate(windows_nchw, (SIDE, SIDE), mode="bilinear").to(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            logits_nchw = network(small_nchw)
        return F.interpolate(logits_nchw.float().softmax(1), windows_nchw.shape[2:], mode="bilinear")

    @torch.inference_mode()
    def predict(image_hwc: np.ndarray) -> np.ndarray:
        image_chw = (torch.from_numpy(image_hwc.copy()).permute(2, 0, 1).float() / 255 - mean) / deviation
        probs_nchw = sliding_window_inference(image_chw[None], (window, window), BATCH, score, overlap=overlap)
        return probs_nchw[0].argmax(0).byte().numpy()

    return predict
