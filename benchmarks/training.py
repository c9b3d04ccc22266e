"""Training under Ray Train, against the same loop in this process: pictures a second, start and validation apart."""

import json
from pathlib import Path

from benchmarks.measure import Ratio, best_of, frames
from kittiseg import pipeline
from kittiseg.pipeline import Run, TrainOptions

CONFIG = {
    "lr": 0.001,
    "epochs": 2,
    "val_every": 2,
    "batch_size": {"train": 8, "val": 8},
    "input_size": {"width": 256, "height": 256},
    "data_workers": {"train": 2, "val": 2},
    "dataset_tags": {"train": "__all__", "val": "__all__"},
    "weights_init_type": "random",
    "width": 0.25,
    "devices": "auto",
}


def run(folder: Path) -> list[Ratio]:
    """Pictures a second over all steps but the first ones, the best of two runs of each."""
    bare, on_ray = Run.at(folder / "workspace", engine="local"), Run.at(folder / "workspace")
    project = frames(bare, folder)
    config = folder / "train.json"
    config.write_text(json.dumps(CONFIG))
    on_ray.engine.resources()

    def train(run: Run, name: str) -> float:
        pipeline.train(run, TrainOptions(config, project.name, name, overwrite=True))
        return seconds_per_picture(run, name)

    try:
        ours, theirs = best_of(2, lambda: train(on_ray, "on-ray"), lambda: train(bare, "bare"))
    finally:
        on_ray.close()
    return [Ratio("training, width 0.25 at 256 x 256, Ray Train / bare loop", 1 / ours, 1 / theirs, "pictures/s",
                  "at least 0.9")]  # fmt: skip


def seconds_per_picture(run: Run, name: str) -> float:
    """The median over the records of the history."""
    lines = run.workspace.model_files(name).read("history.jsonl").splitlines()
    rates = sorted(
        record["samples_per_s"] for record in map(json.loads, lines) if record["kind"] == "train" and record["step"] > 1
    )
    return 1 / rates[len(rates) // 2]
