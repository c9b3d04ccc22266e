"""Sweeps that never were, in the files that ``tune`` writes."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kittiseg.config import parse, read_json
from kittiseg.project.store import Workspace
from kittiseg.tuning.config import SweepConfig
from kittiseg.tuning.documents import Documents
from kittiseg.tuning.space import Space
from kittiseg.tuning.trials import Sweep, Trial, trial_id

CROP = "transform:/8/settings/random_part"
SPACE: dict[str, Any] = {
    "train:/lr": {"loguniform": [0.0001, 0.01]},
    f"{CROP}/width/min_percent": {"choice": [20, 27, 40]},
    f"{CROP}/height/min_percent": {"choice": [60, 75, 90]},
    "train:/loss": {"choice": [{"name": "cross_entropy"}, {"name": "dice", "smooth": 0.5}]},
}
EPOCHS = 4


def write_sweep(
    workspace: Workspace,
    name: str = "widths",
    *,
    trials: int = 20,
    space: Mapping[str, Any] = SPACE,
    metric: str = "mean_iou",
    failed: Sequence[int] = (),
) -> Sweep:
    """A sweep of the tutorial's configs that has ended, but without models.

    Every third trial was stopped early; those with a number (from 1) in ``failed`` have an error and no metric.
    """
    document = {
        "train": "train.json",
        "transform": "transform.json",
        "space": space,
        "metric": metric,
        "trials": trials,
        "scheduler": {"name": "asha"},
    }
    config = parse(SweepConfig, document, source="tune.json")
    tutorial = Path(__file__).resolve().parents[2] / "configs" / "kitti_vehicles"
    base = Documents(read_json(tutorial / "train.json"), read_json(tutorial / "transform.json"))
    sweep = Sweep.begin(workspace, name, Space(config, base, "tune.json"))
    for number in range(1, trials + 1):
        sweep.write(failed_trial(config, number) if number in failed else ended_trial(config, number))
    best = sweep.best()
    if best is not None:
        sweep.write_best(best, name)
    return sweep


def ended_trial(config: SweepConfig, number: int) -> Trial:
    """The nearer each parameter is to the middle of its range, the better."""
    rng, shares = np.random.default_rng([1, number]), _shares(config, number)
    good = 0.75 - 0.9 * float(np.mean((shares - 0.5) ** 2)) - 0.05 * float(rng.random())
    stopped = number % 3 == 0
    epochs = [half / 2 for half in range(1, 1 + (EPOCHS if stopped else 2 * EPOCHS))]
    ious = [good * (1 - 0.7 * math.exp(-epoch)) + 0.01 * float(rng.standard_normal()) for epoch in epochs]
    curve = [(epoch, 1.5 * (1 - iou) if config.mode == "min" else iou) for epoch, iou in zip(epochs, ious, strict=True)]
    place = int(np.argmax(ious))
    return Trial(
        id=trial_id(number),
        parameters=_parameters(config, shares),
        status="stopped" if stopped else "done",
        metric=curve[place][1],
        checkpoint=place + 1,
        epoch=epochs[-1],
        seconds=9.5 * len(curve),
        curve=curve,
    )


def failed_trial(config: SweepConfig, number: int) -> Trial:
    error = "the loss of step 12 is no number; try a smaller learning rate"
    parameters = _parameters(config, _shares(config, number))
    return Trial(id=trial_id(number), parameters=parameters, status="failed", seconds=4.0, error=error, retries=1)


def _shares(config: SweepConfig, number: int) -> np.ndarray:
    return np.random.default_rng([0, number]).random(len(config.space))


def _parameters(config: SweepConfig, shares: np.ndarray) -> dict[str, Any]:
    return {
        name: dimension.at(float(share)) for (name, dimension), share in zip(config.space.items(), shares, strict=True)
    }
