import numpy as np
import pytest

from kittiseg.report.extremes import Compared, Scored, draw_extremes, worst_and_best
from tests.data.projects import meta_of


def entries(*ious: float | None) -> list[dict]:
    """Pictures ``a``, ``b``, ... with these IoU of cars and a perfect background."""
    return [{"name": chr(97 + place), "iou": {"bg": 1.0, "car": iou}} for place, iou in enumerate(ious)]


def names(side: list[Scored]) -> str:
    return "".join(scored.name for scored in side)


def test_the_worst_and_the_best_come_with_the_extreme_ones_first():
    """Two of five on each side."""
    worst, best = worst_and_best(entries(0.5, 0.1, 0.9, 0.3, 0.7), {"car"}, number=2)

    assert (names(worst), names(best)) == ("bd", "ce")


def test_a_picture_without_objects_is_skipped():
    """Neither in the truth nor in the prediction: there is nothing to judge."""
    worst, best = worst_and_best(entries(None, 0.2, None, 0.8), {"car"})

    assert (names(worst), names(best)) == ("b", "d")


def test_background_does_not_count():
    """It would make all pictures alike."""
    worst, _ = worst_and_best(entries(0.4, 0.6), {"car"})

    assert worst[0].mean_iou == 0.4


def test_the_mean_is_over_the_classes_that_are_there():
    """Null is no zero."""
    scores = [{"name": "a", "iou": {"car": 0.5, "bus": None}}, {"name": "b", "iou": {"car": 0.6, "bus": 0.2}}]

    worst, best = worst_and_best(scores, {"car", "bus"})

    assert [(side[0].name, side[0].mean_iou) for side in (worst, best)] == [("b", 0.4), ("a", 0.5)]


@pytest.mark.parametrize("count", range(10))
def test_no_picture_stands_on_both_sides(count: int):
    """Few pictures are shared out; equal ones go by name."""
    worst, best = worst_and_best(entries(*[0.5] * count), {"car"})

    shown = names(worst) + names(best)
    assert len(set(shown)) == len(shown) == min(count, 8)
    assert names(worst) == "abcd"[: (count + 1) // 2]


def test_the_note_names_the_lowest_of_many_classes():
    """34 numbers would tell nobody anything."""
    iou = {f"c{number}": number / 10 for number in range(1, 6)}

    assert Scored("a", {"car": 0.25}).note == "IoU car 0.250"
    assert Scored("a", {"car": 0.25, "bus": 0.75}).note == "mean IoU 0.500 of 2 classes, IoU car 0.250, bus 0.750"
    assert Scored("a", iou).note == "mean IoU 0.300 of 5 classes, lowest: c1 0.100, c2 0.200, c3 0.300"


def test_truth_and_prediction_are_drawn_at_the_pictures_aspect():
    """However small the prediction is; only classes that are seen are in the legend."""
    grey_hwc = np.full((20, 40, 3), 100, np.uint8)
    left_hw, right_hw = np.zeros((20, 40), np.uint8), np.zeros((8, 8), np.uint8)
    left_hw[:, :20], right_hw[:, 4:] = 1, 1
    left_hw[:, 30:] = 255
    chosen = worst_and_best(entries(0.0), {"car"})

    found = draw_extremes(
        chosen,
        lambda name: Compared(grey_hwc, left_hw, right_hw),
        meta_of({"bg": "bitmap", "car": "bitmap", "bus": "bitmap"}),
        {"car": 1, "bus": 2},
    )

    (example,) = found.worst
    picture, prediction, truth = example.pictures
    drawn = [(each.image_hwc != grey_hwc).any(axis=2) for each in (picture, truth, prediction)]
    assert [hw.mean(axis=0)[[5, 35]].tolist() for hw in drawn] == [[0, 0], [1, 0], [0, 1]]
    assert list(found.colors) == ["car"]
