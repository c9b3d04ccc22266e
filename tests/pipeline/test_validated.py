import json
from pathlib import Path

import numpy as np
import pytest

from kittiseg.pipeline import report, restore_checkpoint
from kittiseg.pipeline.validated import extremes_of
from kittiseg.project.store import Workspace
from kittiseg.report.sections import Extremes
from kittiseg.training.checkpoints import PICTURES, checkpoint_parts, install_checkpoint, list_checkpoints
from tests.data.query_sources import QUERY_SEED, cropped, write_query, written
from tests.data.runs import run_in


@pytest.fixture
def workspace(workspace_of_models: Workspace) -> Workspace:
    return workspace_of_models


def score(workspace: Workspace, model: str, ious: dict[str, float] | None) -> None:
    """Makes these the scores of the cars on the validation pictures; None: of a checkpoint that has none."""
    files = workspace.model_files(model)
    (checkpoint,) = list_checkpoints(files).whole
    parts = {part: data for part, data in checkpoint_parts(checkpoint).items() if part != PICTURES}
    if ious is not None:
        entries = [{"name": name, "iou": {"bg": 0.9, "car": iou}} for name, iou in ious.items()]
        parts[PICTURES] = json.dumps(entries).encode()
    install_checkpoint(files, f"{checkpoint.number:08d}", parts)


def extremes(workspace: Workspace, model: str) -> Extremes | None:
    files = workspace.model_files(model)
    return extremes_of(run_in(workspace), files, list_checkpoints(files).best)


def test_pictures_of_a_project_stand_beside_truth_and_prediction(workspace: Workspace):
    """At the picture's own size; the truth is drawn where the object is."""
    score(workspace, "m", {"squares/ds/006.png": 0.75, "squares/ds/007.png": 0.25})

    found = extremes(workspace, "m")

    assert found is not None
    (worst,), (best,) = found.worst, found.best
    assert [(each.name, each.note) for each in (worst, best)] == [
        ("squares/ds/007.png", "IoU car 0.250"),
        ("squares/ds/006.png", "IoU car 0.750"),
    ]
    picture, prediction, truth = worst.pictures
    project = workspace.project("squares")
    item = project.item(project.keys()[7])
    assert np.array_equal(picture.image_hwc, item.image.pixels())
    changed_hw = (truth.image_hwc != picture.image_hwc).any(axis=2)
    assert changed_hw[item.annotation.figures[0].shape.window.slices].all()
    assert prediction.image_hwc.shape == (36, 40, 3)


def test_pictures_of_a_query_are_those_that_it_made(workspace: Workspace, tmp_path: Path):
    """With the seed that it was trained with, whatever the report's."""
    project = written(workspace, write_query(tmp_path, cropped()), seed=QUERY_SEED)
    items = {str(key): project.item(key) for key in project.keys()}
    validated = [name for name, item in items.items() if "val" in item.annotation.tag_names]
    score(workspace, "q", {name: place / 10 for place, name in enumerate(validated)})

    found = extremes(workspace, "q")

    assert found is not None
    shown = {example.name: example.pictures[0].image_hwc for example in (*found.worst, *found.best)}
    assert shown.keys() == set(validated)
    assert all(np.array_equal(image_hwc, items[name].image.pixels()) for name, image_hwc in shown.items())


def test_a_project_that_is_gone_is_told_of_and_no_error(workspace: Workspace, tmp_path: Path):
    """Of both models; the page has all the rest."""
    score(workspace, "m", {"squares/ds/006.png": 0.5})
    score(workspace, "q", {"out/squares__ds/006_m1.png": 0.5})
    workspace.files.remove("projects/squares")

    html = Path(report(run_in(workspace), ["m", "q"], output=tmp_path / "page.html")).read_text()

    assert html.count("They cannot be shown any more:") == 2
    assert "no project &#39;squares&#39;" in html
    assert html.count("<h3>Checkpoints</h3>") == 2


def test_a_picture_that_is_gone_is_named(workspace: Workspace):
    """The project was made anew, without it; the query has other sources now."""
    score(workspace, "m", {"squares/ds/none.png": 0.5})
    score(workspace, "q", {"out/squares__ds/none.png": 0.5})

    texts = [found.missing for found in (extremes(workspace, "m"), extremes(workspace, "q")) if found]

    assert "squares/ds/none.png" in texts[0]
    assert "the query does not make out/squares__ds/none.png any more" in texts[1]


def test_a_checkpoint_without_scores_has_no_gallery(workspace: Workspace, tmp_path: Path):
    """Those of older versions, and those on whose pictures no object is."""
    score(workspace, "m", None)
    score(workspace, "q", {})

    assert (extremes(workspace, "m"), extremes(workspace, "q")) == (None, None)
    html = Path(report(run_in(workspace), ["m"], output=tmp_path / "page.html")).read_text()
    assert "validation pictures" not in html
    assert "best: 1" in html


def test_a_restored_model_has_the_pictures_of_its_source(workspace: Workspace, tmp_path: Path):
    """Its run.json is that of the training."""
    restore_checkpoint(run_in(workspace), "m", "1", name="kept")
    score(workspace, "kept", {"squares/ds/006.png": 0.75, "squares/ds/007.png": 0.25})

    html = Path(report(run_in(workspace), ["kept"], output=tmp_path / "page.html")).read_text()

    assert "Worst validation pictures" in html
    assert "Best validation pictures" in html
    assert "m, checkpoint 1" in html
