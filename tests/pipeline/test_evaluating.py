from pathlib import Path

import pytest

from kittiseg.errors import ConfigError
from kittiseg.pipeline import evaluate
from kittiseg.project.store import Workspace
from tests.data.projects import annotation_of, meta_of, small_project, square, write_project
from tests.data.runs import json_file, run_in, told, tutorial_query


def test_the_truth_itself_scores_1(workspace: Workspace):
    """All four scores of both classes."""
    small_project(workspace, "truth")

    document = evaluate(run_in(workspace), "truth", "truth").to_json()

    assert document["images"] == 3
    assert {score for entry in document["classes"].values() for score in entry.values()} == {1.0}
    assert document["mean_iou"] == 1.0


def test_predictions_are_held_against_merged_classes(workspace: Workspace, tmp_path: Path):
    """A bus that was found counts as a vehicle; a quarter of it found is an IoU of a quarter."""
    meta = meta_of({"car": "bitmap", "bus": "bitmap"})
    write_project(workspace, "truth", {"ds/a.png": annotation_of({"bus": square(top=0, left=0, side=4)})}, meta=meta)
    query = tutorial_query("truth", "x")
    query[0]["settings"] = {"classes_mapping": {"car": "vehicle", "bus": "vehicle"}}
    predicted = {"ds/a.png": annotation_of({"vehicle_dl": square(top=0, left=0, side=2)})}
    write_project(workspace, "pred", predicted, meta=meta_of({"vehicle_dl": "bitmap"}))

    evaluation = evaluate(
        run_in(workspace), "pred", "truth", class_map="vehicle_dl=vehicle", mapping=json_file(tmp_path, "q", query)
    )

    assert evaluation.to_json()["classes"]["vehicle"]["iou"] == 4 / 16
    assert evaluation.to_json()["classes"]["vehicle"]["precision"] == 1


def test_pictures_matched_by_name_alone_are_a_warning(workspace: Workspace):
    """KITTI's training and testing frames have the same names and are other pictures."""
    small_project(workspace, "truth", dataset="training")
    small_project(workspace, "pred", dataset="testing")
    run = run_in(workspace)

    evaluate(run, "pred", "truth")

    (warning,) = told(run).warnings
    assert "'pred/testing' are held against those of 'truth/training'" in warning


def test_a_pair_without_an_equals_sign_is_refused(workspace: Workspace):
    """The error shows how it is written."""
    small_project(workspace, "truth")

    with pytest.raises(ConfigError, match="write PREDICTED=TRUE, as in vehicle_dl=vehicle"):
        evaluate(run_in(workspace), "truth", "truth", class_map="car")


@pytest.mark.parametrize("settings", ["default", {}, 3])
def test_a_query_that_says_nothing_of_classes_is_refused(workspace: Workspace, tmp_path: Path, settings: object):
    """Its layer has other settings, or none."""
    small_project(workspace, "truth")
    query = json_file(tmp_path, "q", [{"action": "data", "src": ["truth/*"], "dst": "$a", "settings": settings}])

    with pytest.raises(ConfigError, match=r"--mapping .*q\.json: the data layer has no classes_mapping"):
        evaluate(run_in(workspace), "truth", "truth", mapping=query)
