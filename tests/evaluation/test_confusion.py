"""Confusion counts and the numbers that follow from them."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiseg.evaluation.confusion import confusion_matrix, dice, iou, pixel_accuracy, precision, recall


def label_pair(seed: int, *, classes: int = 4, shape: tuple[int, int] = (5, 6)) -> tuple[np.ndarray, np.ndarray]:
    """Truth and prediction that agree on about half of the pixels."""
    rng = np.random.default_rng(seed)
    truth_hw = rng.integers(0, classes, shape, np.uint8)
    guess_hw = rng.integers(0, classes, shape, np.uint8)
    return truth_hw, np.where(rng.random(shape) < 0.4, truth_hw, guess_hw)


@given(st.integers(0, 99))
def test_counts_are_those_of_brute_force(seed: int):
    """Entry (i, j): pixels of truth i that were predicted as j."""
    truth_hw, predicted_hw = label_pair(seed)

    matrix_cc = confusion_matrix(truth_hw, predicted_hw, classes=4)

    assert matrix_cc.dtype == np.int64
    for i in range(4):
        for j in range(4):
            assert matrix_cc[i, j] == np.count_nonzero((truth_hw == i) & (predicted_hw == j))


def test_ignored_truth_does_not_count():
    """Whatever is predicted where the truth says nothing, no count changes."""
    truth_hw = np.array([[0, 255, 1]], np.uint8)

    matrix_cc = confusion_matrix(truth_hw, np.array([[0, 1, 0]], np.uint8), classes=2, ignore=255)

    np.testing.assert_array_equal(matrix_cc, [[1, 0], [1, 0]])


def test_scores_by_hand():
    """tp 3, fn 1, fp 2 of class 1: IoU 3/6, Dice 6/9, precision 3/5, recall 3/4; 7 of 10 pixels are right."""
    matrix_cc = np.array([[4, 2], [1, 3]])

    assert iou(matrix_cc)[1] == 3 / 6
    assert dice(matrix_cc)[1] == 6 / 9
    assert precision(matrix_cc)[1] == 3 / 5
    assert recall(matrix_cc)[1] == 3 / 4
    assert pixel_accuracy(matrix_cc) == 7 / 10


@pytest.mark.filterwarnings("error")
def test_what_has_nothing_to_divide_by_is_nan():
    """A class in neither map has no score; one in only one of them is 0 or NaN, and nothing warns."""
    matrix_cc = np.array([[2, 1, 0], [0, 0, 0], [0, 0, 0]])

    np.testing.assert_array_equal(iou(matrix_cc), [2 / 3, 0, np.nan])
    np.testing.assert_array_equal(dice(matrix_cc), [4 / 5, 0, np.nan])
    np.testing.assert_array_equal(precision(matrix_cc), [1, 0, np.nan])
    np.testing.assert_array_equal(recall(matrix_cc), [2 / 3, np.nan, np.nan])
    assert np.isnan(pixel_accuracy(np.zeros((2, 2), int)))


@given(st.integers(0, 99))
def test_counts_of_parts_add_up(seed: int):
    """The matrix of a picture is the sum of those of its halves."""
    truth_hw, predicted_hw = label_pair(seed)

    halves = [confusion_matrix(truth_hw[part], predicted_hw[part], classes=4) for part in (slice(2), slice(2, None))]

    np.testing.assert_array_equal(sum(halves), confusion_matrix(truth_hw, predicted_hw, classes=4))


def test_maps_that_do_not_fit_are_refused():
    """Other shapes and indices beyond the classes would otherwise count in the wrong place."""
    map_hw = np.array([[0, 1]], np.uint8)

    with pytest.raises(ValueError, match="both must be of one shape"):
        confusion_matrix(map_hw, map_hw.T, classes=2)
    with pytest.raises(ValueError, match=r"prediction holds indices 0\.\.2, but there are 2 classes"):
        confusion_matrix(map_hw, map_hw * 2, classes=2)
    with pytest.raises(ValueError, match=r"truth holds indices 0\.\.255"):
        confusion_matrix(map_hw * 255, map_hw, classes=2)


@pytest.mark.parametrize("seed", range(3))
def test_iou_is_that_of_the_cityscapes_scripts(seed: int):
    """The benchmark's own script, its ignored labels included, gives the same IoU for each of its classes."""
    scripts = pytest.importorskip("cityscapesscripts.evaluation.evalPixelLevelSemanticLabeling")
    labels = [label for label in scripts.labels if label.id >= 0]
    truth_hw, predicted_hw = label_pair(seed, classes=len(labels), shape=(40, 50))
    truth_hw[truth_hw == 33] = 32  # a class that the truth does not have
    predicted_hw[predicted_hw == 33] = 32
    args = SimpleNamespace(evalLabels=[])
    theirs_cc = scripts.generateMatrix(args)
    np.add.at(theirs_cc, (truth_hw, predicted_hw), 1)

    ignored = [label.id for label in labels if label.ignoreInEval]
    counted_hw = np.where(np.isin(truth_hw, ignored), 255, truth_hw)
    ours = iou(confusion_matrix(counted_hw, predicted_hw, classes=len(labels), ignore=255))

    scored = [label.id for label in labels if not label.ignoreInEval]
    theirs = [scripts.getIouScoreForLabel(index, theirs_cc, args) for index in scored]
    assert np.isnan(theirs[-1])
    np.testing.assert_allclose(ours[scored], theirs, rtol=0, atol=1e-9)
    assert np.nanmean(ours[scored]) == pytest.approx(np.nanmean(theirs), abs=1e-9)
