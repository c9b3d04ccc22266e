"""Predictions held against truth: pictures matched, counts summed, scores formed last."""

import json
import pickle

import numpy as np
import pytest

from kittiseg.engine.in_process import InProcess
from kittiseg.errors import DataError
from kittiseg.evaluation.classes import ComparedClasses, compare_classes
from kittiseg.evaluation.compare import (
    CompareProjects,
    Evaluation,
    PictureCounts,
    PicturePair,
    compare_annotations,
    match_pictures,
)
from kittiseg.project.annotation import Annotation
from kittiseg.project.geometry import Size
from kittiseg.project.item import ItemKey
from kittiseg.project.store import Project, Workspace
from tests.data.projects import annotation_of, meta_of, square, write_project

CLASSES = ComparedClasses(names=("vehicle",), truth={"car": 1, "road": 0}, predicted={"vehicle_dl": 1})


def key(place: str, *, project: str = "p") -> ItemKey:
    return ItemKey(project, *place.split("/"))


def car(left: int) -> Annotation:
    return annotation_of({"car": square(top=0, left=left, side=4)})


def vehicle(left: int) -> Annotation:
    return annotation_of({"vehicle_dl": square(top=0, left=left, side=4)})


def two_projects(workspace: Workspace) -> tuple[Project, Project]:
    """Two pictures: one prediction is half right (IoU 1/3), one fully."""
    meta = meta_of({"vehicle_dl": "bitmap"})
    predicted = write_project(workspace, "pred", {"ds/a.png": vehicle(2), "ds/b.png": vehicle(3)}, meta=meta)
    meta = meta_of({"car": "bitmap", "road": "bitmap"})
    truth = write_project(workspace, "truth", {"ds/a.png": car(0), "training/b.jpg": car(3)}, meta=meta)
    return predicted, truth


def evaluate(predicted: Project, truth: Project) -> Evaluation:
    classes = compare_classes(
        predicted.meta,
        truth.meta,
        class_map={"vehicle_dl": "vehicle"},
        merge={"car": "vehicle", "__other__": "__ignore__"},
    )
    pairs = match_pictures(predicted.keys(), truth.keys())
    counts = InProcess().map(CompareProjects(predicted, truth, classes), pairs, name="evaluate")
    return Evaluation.of(classes, counts)


def test_scores_come_from_summed_counts(workspace: Workspace):
    """8 + 16 pixels shared of 24 + 16: IoU 24/40, which is not the mean of 1/3 and 1."""
    evaluation = evaluate(*two_projects(workspace))

    scores = evaluation.scores(evaluation.matrix_cc)["vehicle"]
    assert scores == {"iou": 24 / 40, "dice": 48 / 64, "precision": 24 / 32, "recall": 24 / 32}
    assert evaluation.mean_iou == 24 / 40


def test_the_document_has_totals_and_pictures(workspace: Workspace):
    """What ``--json`` prints can be read back, with the IoU of each picture."""
    document = json.loads(json.dumps(evaluate(*two_projects(workspace)).to_json()))

    assert document["images"] == 2
    assert document["classes"]["vehicle"]["iou"] == document["mean_iou"] == 24 / 40
    assert document["pixel_accuracy"] == 1 - 16 / 96
    assert [(p["dataset"], p["name"], p["classes"]["vehicle"]["iou"]) for p in document["pictures"]] == [
        ("ds", "a.png", 8 / 24),
        ("ds", "b.png", 1.0),
    ]


def test_scores_that_do_not_exist_are_null():
    """A class that is nowhere has no IoU, and the mean is over the others."""
    evaluation = Evaluation(("car", "tram"), (PictureCounts(key("ds/a.png"), np.diag([3, 4, 0])),))

    document = evaluation.to_json()

    assert document["classes"]["tram"] == {"iou": None, "dice": None, "precision": None, "recall": None}
    assert document["mean_iou"] == 1.0
    assert "NaN" not in json.dumps(document)


def test_background_is_not_in_the_mean():
    """A map that is right everywhere but on the only vehicle has mean IoU 0."""
    evaluation = Evaluation(("vehicle",), (PictureCounts(key("ds/a.png"), np.array([[90, 0], [4, 0]])),))

    assert evaluation.mean_iou == 0


def test_a_figure_on_top_hides_what_is_below():
    """A road drawn over a car leaves no car to be found."""
    truth = annotation_of({"car": square(top=0, left=0, side=4), "road": square(top=0, left=2, side=4)})

    matrix_cc = compare_annotations(vehicle(0), truth, CLASSES)

    np.testing.assert_array_equal(matrix_cc, [[32, 8], [0, 8]])


def test_pictures_are_matched_by_place_then_by_stem():
    """The same data set and name wins over the same name elsewhere; another extension does no harm."""
    truth = [key("one/a.png"), key("two/a.png"), key("two/b.jpg")]

    pairs = match_pictures([key("two/a.png"), key("three/b.png")], truth)

    assert pairs == [
        PicturePair(key("two/a.png"), key("two/a.png")),
        PicturePair(key("three/b.png"), key("two/b.jpg")),
    ]
    assert [pair.same_place for pair in pairs] == [True, False]


def test_pictures_without_one_truth_are_named():
    """Those that have none and those that have two, in one error."""
    with pytest.raises(DataError, match=r"no truth for p/ds/c\.png; truth in several data sets for p/ds/a\.png\."):
        match_pictures([key("ds/a.png"), key("ds/c.png")], [key("one/a.png"), key("two/a.png")])


def test_no_pictures_is_an_error():
    """An empty project of predictions has no score."""
    with pytest.raises(DataError, match="no predicted pictures"):
        match_pictures([], [key("one/a.png")])


def test_pictures_of_two_sizes_are_no_pair(workspace: Workspace):
    """The error names both pictures and both sizes."""
    predicted, truth = two_projects(workspace)
    larger = {"ds/a.png": annotation_of({}, size=Size(height=7, width=8))}
    write_project(workspace, "truth", larger, meta=truth.meta, overwrite=True)

    with pytest.raises(
        DataError, match=r"pred/ds/a\.png and truth/ds/a\.png: the prediction is 8 x 6 px, the truth 8 x 7"
    ):
        CompareProjects(predicted, truth, CLASSES)(
            PicturePair(key("ds/a.png", project="pred"), key("ds/a.png", project="truth"))
        )


def test_the_function_of_one_picture_can_be_pickled(workspace: Workspace):
    """A copy counts the same on another machine."""
    predicted, truth = two_projects(workspace)
    compare = CompareProjects(predicted, truth, CLASSES)
    pair = PicturePair(key("ds/a.png", project="pred"), key("ds/a.png", project="truth"))

    copied = pickle.loads(pickle.dumps(compare))(pickle.loads(pickle.dumps(pair)))

    np.testing.assert_array_equal(copied.matrix_cc, compare(pair).matrix_cc)
