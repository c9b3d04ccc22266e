import re
from pathlib import Path

import pytest

from kittiseg.errors import WorkspaceError
from kittiseg.pipeline import PredictOptions, TrainOptions, evaluate, predict, report, train
from kittiseg.project.store import Workspace
from tests.data.projects import small_project
from tests.data.runs import TINY_TRAINING, WINDOWS, json_file, run_in
from tests.data.sweeps import write_sweep
from tests.data.training import write_squares


def test_a_page_holds_project_model_and_predictions(workspace: Workspace, tmp_path: Path):
    """One file that needs nothing beside itself, with the scores where the truth is known."""
    run = run_in(workspace)
    write_squares(workspace)
    config = json_file(tmp_path, "train", {**TINY_TRAINING, "epochs": 1, "best_by": "mean_iou"})
    train(run, TrainOptions(config, "squares", "m"))
    predict(run, PredictOptions(json_file(tmp_path, "infer", WINDOWS), "m@best", "squares", "found"))
    evaluation = evaluate(run, "found", "squares", class_map="car_dl=car")

    path = Path(report(run, ["squares", "m", "found"]))

    html = path.read_text()
    assert path.parent.name == "reports"
    assert all(f">{name}<" in html for name in ("squares", "m", "found"))
    assert f"{evaluation.mean_iou:.3f}" in html
    best = workspace.project("found").provenance["checkpoint"]
    assert f"validation loss (best: checkpoint {best})" in html
    assert "the one with the highest mean IoU." in html
    assert "http://" not in html.replace("http://www.w3.org", "")


def test_the_same_workspace_gives_the_same_page(workspace: Workspace, tmp_path: Path):
    """No dates, no random ids."""
    small_project(workspace, "small")
    run = run_in(workspace)

    pages = [Path(report(run, ["small"], output=tmp_path / name)).read_bytes() for name in ("a.html", "b.html")]

    assert pages[0] == pages[1]


def test_a_sweep_comes_before_its_best_model(workspace_of_models: Workspace, tmp_path: Path):
    """Both have one name; a project of the name is shown where there is neither."""
    write_sweep(workspace_of_models, "m", trials=2)
    small_project(workspace_of_models, "m")
    run = run_in(workspace_of_models)

    html = Path(report(run, ["m"], output=tmp_path / "page.html")).read_text()

    assert re.findall(r'<h2 id="[^"]*"><span class="kind">(\w+)</span>m</h2>', html) == ["sweep", "model"]


def test_misspelt_names_are_one_error_with_the_nearest(workspace: Workspace):
    """And no page is written."""
    small_project(workspace, "small")

    with pytest.raises(WorkspaceError, match=r"'smal'; did you mean 'small'\?\n.*'smaller'; did you mean"):
        report(run_in(workspace), ["smal", "small", "smaller"])

    assert not workspace.files.exists("reports")
