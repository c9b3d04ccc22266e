"""One training by 1, 2 and 3 workers: the same curve.

``python -m benchmarks workers`` measures how far they are apart; ``python -m benchmarks.workers FILE.png`` draws them.
The workers are processes of one thread each that talk by gloo, as those of Ray Train do on CPUs.
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from benchmarks.measure import Ratio
from kittiseg.project.store import Workspace
from tests.data.train_worker import train_by
from tests.data.training import tiny_job, write_squares

COUNTS = (1, 2, 3)
EPOCHS = 6
PICTURES = 40


def run(folder: Path) -> list[Ratio]:
    """The largest difference between two curves in the first epoch, before rounding errors grow, and in all."""
    curves = np.array(list(losses(folder).values()))
    spread, fall = curves.max(0) - curves.min(0), float(curves[0, 0] - curves[0].min())
    what = "loss curves of 1, 2 and 3 workers: largest difference / fall of the loss"
    first = float(spread[: curves.shape[1] // EPOCHS].max())
    return [
        Ratio(f"{what}, first epoch", first, fall, "", "at most 0.001"),
        Ratio(f"{what}, {EPOCHS} epochs", float(spread.max()), fall, ""),
    ]


def losses(folder: Path) -> dict[int, list[float]]:
    """Of each step, by the number of workers."""
    workspace = Workspace.at(folder / "workspace")
    project = write_squares(workspace, train=PICTURES)
    fields = {"gpu_devices": [0, 1, 2], "epochs": EPOCHS, "val_every": EPOCHS, "width": 0.12}
    found = {}
    for count in COUNTS:
        job = tiny_job(workspace, f"by-{count}", project=project, **fields)
        train_by(count, job, folder)
        lines = map(json.loads, job.model.read("history.jsonl").splitlines())
        found[count] = [record["loss"] for record in lines if record["kind"] == "train"]
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
