"""Training under Ray Train, against the barest loop there is and against a script as people write it.

Pictures a second on the CPU, start and validation apart: the same network, pictures, size and batch.
"""

import json
import statistics
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn

from benchmarks import plain_training
from benchmarks.measure import Ratio, frames, repeated
from kittiseg import pipeline
from kittiseg.pipeline import Run, TrainOptions
from kittiseg.project.store import Project
from kittiseg.training.classes import ClassIndex
from kittiseg.training.config import SpecialClasses
from kittiseg.training.inputs import normalise
from kittiseg.training.networks import make_network

ROUNDS, PICTURES, SIDE, BATCH, WIDTH = 3, 48, 256, 8, 0.25
CONFIG = {
    "lr": 0.001,
    "epochs": 3,
    "val_every": 3,
    "batch_size": {"train": BATCH, "val": BATCH},
    "input_size": {"width": SIDE, "height": SIDE},
    "data_workers": {"train": 2, "val": 2},
    "dataset_tags": {"train": "__all__", "val": "__all__"},
    "loss": {"name": "ce"},
    "weights_init_type": "random",
    "width": WIDTH,
    "devices": "auto",
}


def run(folder: Path) -> list[Ratio]:
    """The median of three rounds, in each of which all have their turn."""
    on_ray = Run.at(folder / "workspace")
    project = repeated(on_ray, frames(on_ray, folder), count=PICTURES, name="pictures")
    classes = ClassIndex.of(project.meta, SpecialClasses())
    samples_nhw4 = as_files(project, classes, folder)
    config = folder / "train.json"
    config.write_text(json.dumps(CONFIG))
    on_ray.engine.resources()
    rates: dict[str, list[float]] = {"ours": [], "bare": [], "plain": []}
    waited: list[float] = []
    try:
        for _ in range(ROUNDS):
            pipeline.train(on_ray, TrainOptions(config, project.name, "ours", overwrite=True))
            records = records_of(on_ray, "ours")
            rates["ours"].append(statistics.median(record["samples_per_s"] for record in records))
            waited.append(max(record["waited"] for record in records))
            rates["bare"].append(bare(samples_nhw4, new_network(classes), batch=BATCH))
            rates["plain"].append(plain_training.train(folder, new_network(classes), side=SIDE, batch=BATCH, epochs=2))
    finally:
        on_ray.close()
    ours, barest, plain = (statistics.median(rates[name]) for name in ("ours", "bare", "plain"))
    what = f"training, width {WIDTH} at {SIDE} x {SIDE}, batches of {BATCH}: Ray Train"
    return [
        Ratio(f"{what} / a bare loop over a tensor", ours, barest, "pictures/s", "at least 0.95"),
        Ratio(f"{what} / a plain PyTorch script", ours, plain, "pictures/s", "above 1"),
        Ratio("the same: share of the time that the network waited for data / 1", max(waited), 1, "", "at most 0.03"),
    ]


def new_network(classes: ClassIndex) -> nn.Module:
    torch.manual_seed(0)
    return make_network("unetv2", len(classes), WIDTH)


def bare(samples_nhw4: torch.Tensor, network: nn.Module, *, batch: int) -> float:
    """Nothing but steps over a tensor on its device: bf16, channels last, fused Adam, no log, no validation.

    Pictures a second over two epochs, after one.
    """
    device, pictures = samples_nhw4.device, len(samples_nhw4)
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    adam = torch.optim.Adam(network.parameters(), lr=1e-3, fused=True)
    for epoch in range(3):
        if epoch == 1:
            wait_for(device)
            began = time.perf_counter()
        for indices in torch.randperm(pictures, device=device).split(batch):
            batch_nhw4 = samples_nhw4[indices]
            adam.zero_grad()
            with torch.autocast(device.type, torch.bfloat16):
                logits_nchw = network(normalise(batch_nhw4[..., :3]))
            nn.functional.cross_entropy(logits_nchw.float(), batch_nhw4[..., 3].long()).backward()
            adam.step()
    wait_for(device)
    return 2 * pictures / (time.perf_counter() - began)


def wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def as_files(project: Project, classes: ClassIndex, folder: Path) -> torch.Tensor:
    """Pictures and masks as PNG files, which the plain script reads; and, resized, as a tensor (n, h, w, 4)."""
    samples = []
    for name in ("images", "masks"):
        (folder / name).mkdir()
    for key in project.keys():
        item = project.item(key)
        image_hwc, labels_hw = item.image.pixels(), item.annotation.to_label_map(classes.index)
        cv2.imwrite(str(folder / "images" / f"{key.stem}.png"), image_hwc[..., ::-1])
        cv2.imwrite(str(folder / "masks" / f"{key.stem}.png"), labels_hw)
        small = [cv2.resize(image_hwc, (SIDE, SIDE)), cv2.resize(labels_hw, (SIDE, SIDE), interpolation=0)[..., None]]
        samples.append(np.concatenate(small, -1))
    return torch.from_numpy(np.stack(samples))


def records_of(run: Run, model: str) -> list[dict[str, float]]:
    """The steps of all epochs but the first."""
    lines = map(json.loads, run.workspace.model_files(model).read("history.jsonl").splitlines())
    return [record for record in lines if record["kind"] == "train" and record["epoch"] > 1]
