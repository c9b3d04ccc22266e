"""One training by 1, 2 and 3 workers of Ray Train: the same curve.

``python -m benchmarks workers`` measures how far they are apart; ``python -m benchmarks.workers FILE.png`` draws them.
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from benchmarks.measure import Ratio, frames
from kittiseg import pipeline
from kittiseg.engine.cluster import connect
from kittiseg.pipeline import Run, TrainOptions
from kittiseg.project.store import Workspace

COUNTS = (1, 2, 3)
CONFIG = {
    "lr": 0.001,
    "epochs": 4,
    "val_every": 4,
    "batch_size": {"train": 2, "val": 2},
    "gpu_devices": [0, 1, 2],
    "input_size": {"width": 64, "height": 64},
    "dataset_tags": {"train": "__all__", "val": "__all__"},
    "loss": {"name": "ce"},
    "weights_init_type": "random",
    "width": 0.12,
    "precision": "fp32",
}


def run(folder: Path) -> list[Ratio]:
    """The largest difference between two curves in the first epoch, before rounding errors grow, and in all."""
    curves = np.array(list(losses(folder).values()))
    first = curves.shape[1] // CONFIG["epochs"]  # type: ignore[operator]
    spread = curves.max(0) - curves.min(0)
    fall = float(curves[0, 0] - curves[0].min())
    what = "loss curves of 1, 2 and 3 workers: largest difference / fall of the loss"
    return [
        Ratio(f"{what}, first epoch", float(spread[:first].max()), fall, "", "at most 0.001"),
        Ratio(f"{what}, {CONFIG['epochs']} epochs", float(spread.max()), fall, ""),
    ]


def losses(folder: Path) -> dict[int, list[float]]:
    """Of each step, by the number of workers."""
    run = Run(Workspace.at(folder / "workspace"), lambda: connect(cpus=max(COUNTS)))
    project = frames(run, folder)
    config = folder / "train.json"
    config.write_text(json.dumps(CONFIG))
    found = {}
    try:
        for count in COUNTS:
            name = f"by-{count}"
            pipeline.train(run, TrainOptions(config, project.name, name, devices=f"cpu:{count}"))
            lines = map(json.loads, run.workspace.model_files(name).read("history.jsonl").splitlines())
            found[count] = [record["loss"] for record in lines if record["kind"] == "train"]
    finally:
        run.close()
    return found


def draw(path: Path) -> None:
    """Lines of different widths, since they lie on one another."""
    figure = Figure(figsize=(6, 3.4), layout="constrained")
    axes = figure.add_subplot()
    with tempfile.TemporaryDirectory() as folder:
        for width, (count, curve) in zip((7, 3.5, 1), losses(Path(folder)).items(), strict=True):
            label = f"{count} worker{'' if count == 1 else 's'}"
            axes.plot(range(1, len(curve) + 1), curve, linewidth=width, alpha=0.4 if count == 1 else 1, label=label)
    axes.set(xlabel="step", ylabel="training loss")
    axes.grid(axis="y", alpha=0.4)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
