"""UNetV2 at its full width on one GPU: training against a bare loop, and the tutorial's whole training.

``python -m benchmarks gpu``. Without a GPU there is nothing to measure. Nothing here needs Ray.
"""

import json
import sys
from pathlib import Path

import torch

from benchmarks.measure import Ratio, frames, repeated, seconds
from benchmarks.training import as_files, bare, records_of
from kittiseg import pipeline
from kittiseg.pipeline import Run, TrainOptions
from kittiseg.training.classes import ClassIndex
from kittiseg.training.config import SpecialClasses
from kittiseg.training.networks import make_network

FRAMES, CROPS_EACH, BATCH = 200, 12, 42
GFLOP_OF_A_STEP = 3 * 124.1  # a picture of 256 x 256 forward, and twice that backward
PEAK_TFLOPS = 989.0  # bf16, dense, of an H100 or H200 as its data sheet says
CONFIG = Path(__file__).resolve().parent.parent / "configs" / "kitti_vehicles"


def run(folder: Path) -> list[Ratio]:
    """The tutorial's query on 200 frames, its config on one GPU with the batch of three, from random weights."""
    if not torch.cuda.is_available():
        print("no GPU: nothing to measure", file=sys.stderr)
        return []
    here = Run.at(folder / "workspace", engine="local")
    repeated(here, frames(here, folder), count=FRAMES, name="kitti-semseg-train")
    pipeline.transform(here, CONFIG / "transform_split.json")
    settings = {"gpu_devices": [0], "batch_size": {"train": BATCH, "val": BATCH}, "weights_init_type": "random"}
    config = folder / "train.json"
    config.write_text(json.dumps({**json.loads((CONFIG / "train.json").read_text()), **settings}))
    whole = seconds(lambda: pipeline.train(here, TrainOptions(config, "kitti-veh-tr-split", "full")))
    records = records_of(here, "full")
    rates = sorted(record["samples_per_s"] for record in records)
    ours, waited = rates[len(rates) // 2], max(record["waited"] for record in records)
    small = repeated(here, here.workspace.project("kitti-semseg-train"), count=10 * BATCH, name="bare")
    classes = ClassIndex.of(small.meta, SpecialClasses())
    samples_nhw4 = as_files(small, classes, folder).cuda()
    samples_nhw4[..., 3] %= 2
    barest = bare(samples_nhw4, make_network("unetv2", 2, 1.0), batch=BATCH)
    memory = max(record["memory_mb"] for record in records) / 1000
    return [
        Ratio("training, UNetV2 at 256 x 256 / 800", ours, 800, "pictures/s", "at least 1"),
        Ratio("the same / a bare loop over a tensor on the GPU", ours, barest, "pictures/s", "at least 0.95"),
        Ratio("share of the time that the network waited for data / 1", waited, 1, "", "at most 0.03"),
        Ratio("arithmetic / the card's peak in bf16", ours * GFLOP_OF_A_STEP / 1000, PEAK_TFLOPS, "TFLOP/s"),
        Ratio("the tutorial's training, 15 epochs, 30 checkpoints / a minute", whole, 60, "s", "at most 1"),
        Ratio("memory of the GPU / 78 GB", memory, 78, "GB"),
    ]
