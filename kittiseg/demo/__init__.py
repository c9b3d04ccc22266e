"""The whole tutorial, small: on scenes that are drawn for it, or on real frames of the KITTI benchmark.

The configs beside this file are the tutorial's, but for a larger share of validation pictures (of 24 scenes, the
tutorial's 5 % may well be none), a narrow network with a small input, and few epochs.
"""

import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kittiseg import pipeline
from kittiseg.config import read_json
from kittiseg.errors import DataError
from kittiseg.evaluation.compare import Evaluation
from kittiseg.formats.road_scenes import write_road_scenes
from kittiseg.pipeline import Run
from kittiseg.pipeline.evaluating import classes_mapping
from kittiseg.pipeline.reporting import merged_truth
from kittiseg.project import pixels
from kittiseg.report.overlay import annotated, picture_grid

TRAINING_SCENES, TEST_SCENES = 24, 6
HELD_OUT = 6  # one of so many frames of a real data set is kept for the evaluation
GRID_ROWS = 6
MODEL, PREDICTIONS = "unet-demo", "demo-predictions"
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class DemoResult:
    """Paths, or URIs: ``grid``: pictures, truth and predictions side by side, a PNG; ``report``: the HTML page."""

    evaluation: Evaluation
    grid: str
    report: str


@dataclass(frozen=True)
class _Projects:
    """``unseen``: whose pictures are predicted; ``truth``: the same pictures with their masks."""

    train: str
    unseen: str
    truth: str
    training_query: list[Any]


def run_demo(run: Run, data: Path | None = None) -> DemoResult:
    """Import, query, training, prediction, evaluation, report, all into the run's workspace; old results go."""
    with tempfile.TemporaryDirectory() as here:
        return _run_demo(_Place(run, Path(here)), data)


@dataclass(frozen=True)
class _Place:
    """The run's workspace, and a folder of this machine for copies of what is read from there by its path."""

    run: Run
    here: Path

    def keep(self, name: str, data: bytes) -> Path:
        """Writes a file beside the projects; gives a path of it on this machine."""
        files = self.run.workspace.files
        files.replace(name, data)
        if files.is_local:
            return Path(files.path(name))
        copy = self.here / Path(name).name
        copy.write_bytes(data)
        return copy

    def keep_config(self, name: str, document: Any) -> Path:
        """So that whoever looks at the projects can change it and run a command with it."""
        return self.keep(f"configs/{name}.json", (json.dumps(document, indent=2) + "\n").encode())


def _run_demo(place: _Place, data: Path | None) -> DemoResult:
    run = place.run
    projects = _draw_scenes(run) if data is None else _hold_out(place, data)
    query = place.keep_config("transform", projects.training_query)
    train = place.keep_config("train", read_json(_HERE / "train.json"))
    infer = place.keep_config("infer", read_json(_HERE / "infer.json"))

    made = pipeline.transform(run, query, overwrite=True)
    pipeline.train(run, pipeline.TrainOptions(train, made.project, MODEL, overwrite=True))
    pipeline.predict(run, pipeline.PredictOptions(infer, f"{MODEL}@best", projects.unseen, PREDICTIONS, overwrite=True))
    evaluation = pipeline.evaluate(run, PREDICTIONS, projects.truth, class_map="vehicle_dl=vehicle", mapping=query)
    names = [projects.train, made.project, MODEL, PREDICTIONS]
    page = Path(pipeline.report(run, names, output=place.here / "page.html"))
    place.keep("report.html", page.read_bytes())
    place.keep("predictions.png", _grid(run, projects.truth, query))
    address = run.workspace.files.address
    return DemoResult(evaluation, address("predictions.png"), address("report.html"))


def _draw_scenes(run: Run) -> _Projects:
    run.progress.notice(f"drawing {TRAINING_SCENES + TEST_SCENES} road scenes")
    with tempfile.TemporaryDirectory() as folder:
        write_road_scenes(Path(folder), training=TRAINING_SCENES, testing=TEST_SCENES, seed=run.seed)
        pipeline.import_pictures(run, "kitti", Path(folder), name="scenes", overwrite=True)
        pipeline.import_pictures(run, "kitti", Path(folder) / "truth", name="scenes-truth", overwrite=True)
    return _Projects("scenes-train", "scenes-test", "scenes-truth", _training_query("scenes-train", "scenes-vehicles"))


def _hold_out(place: _Place, data: Path) -> _Projects:
    """Real test frames have no masks, so the last frames of the training set are kept out of the training."""
    run = place.run
    imported = pipeline.import_pictures(run, "kitti", data, name="kitti", overwrite=True)
    train = imported[0].project
    stems = sorted(key.stem for key in run.workspace.project(train).keys())
    held_out = stems[len(stems) - max(1, len(stems) // HELD_OUT) :]
    if imported[0].objects == 0 or len(stems) < 2:
        raise DataError(f"{data}: the demo needs at least two training frames with masks; {len(stems)} frames found")
    run.progress.notice(
        f"{len(held_out)} of {len(stems)} frames are held out for the evaluation, from {held_out[0]} on"
    )
    condition = {"regex_names": [f"^{re.escape(stem)}$" for stem in held_out]}
    entering = {"action": "data", "src": [f"{train}/*"], "dst": "$all", "settings": {"classes_mapping": "default"}}
    original = {"action": "dataset", "src": ["$all"], "dst": "$named", "settings": {"rule": "save_original"}}
    choice = {"action": "if", "src": ["$named"], "dst": ["$held-out", "null"], "settings": {"condition": condition}}
    leaving = {"action": "supervisely", "src": ["$held-out"], "dst": "kitti-held-out", "settings": {}}
    pipeline.transform(run, place.keep_config("hold_out", [entering, original, choice, leaving]), overwrite=True)
    query = _training_query(train, "kitti-vehicles")
    sifted = {"action": "if", "src": ["$sample1"], "dst": ["null", "$kept"], "settings": {"condition": condition}}
    for layer in query[2:]:
        layer["src"] = ["$kept" if name == "$sample1" else name for name in layer["src"]]
    return _Projects(train, "kitti-held-out", "kitti-held-out", [*query[:2], sifted, *query[2:]])


def _training_query(source: str, output: str) -> list[Any]:
    query = read_json(_HERE / "transform.json")
    query[0]["src"], query[-1]["dst"] = [f"{source}/*"], output
    return query


def _grid(run: Run, truth: str, query: Path) -> bytes:
    """The first unseen pictures, each with its truth and its prediction."""
    predicted = run.workspace.project(PREDICTIONS)
    true = merged_truth(run.workspace.project(truth), classes_mapping(query))
    rows = []
    for key in predicted.keys()[:GRID_ROWS]:
        image_hwc = predicted.item(key).image.pixels()
        truly = true.find(key)
        assert truly is not None
        guess_hwc = annotated(image_hwc, predicted.annotation(key), predicted.meta.colors)
        rows.append((image_hwc, annotated(image_hwc, truly, true.colors), guess_hwc))
    return pixels.encode(picture_grid(rows, ("picture", "truth", "prediction")), ".png")
