import numpy as np

from kittiseg.report.charts import class_chart, iou_chart, loss_chart, metric_chart, smoothed, thinned
from tests.data.histories import history_of


def test_loss_chart_marks_the_best_and_the_chosen_checkpoint():
    """Both words stand in the drawing with their numbers."""
    chart = loss_chart(history_of(4), best=2, chosen=3)

    assert ">best: 2<" in chart
    assert ">chosen: 3<" in chart


def test_loss_chart_has_one_mark_where_best_is_chosen():
    """Two words over one line would hide one another."""
    assert ">best, chosen: 2<" in loss_chart(history_of(4), best=2, chosen=2)


def test_a_training_without_validation_or_steps_can_be_drawn():
    """The first minute of a training, and a history that is empty."""
    steps = [line for line in history_of(1) if line["kind"] == "train"]

    assert "training, smoothed" in loss_chart(steps)
    assert "0 training steps" in loss_chart([])
    assert "Last: none" in metric_chart([])


def test_a_loss_that_is_missing_leaves_a_gap_and_no_error():
    """A step whose loss was no number is null in the history."""
    history = history_of(2)
    history[1]["loss"] = None

    assert "validation" in loss_chart(history)


def test_metric_chart_names_a_line_for_each_class():
    """IoU and Dice, and the pixel accuracy."""
    chart = metric_chart(history_of(2))

    assert all(f">{name}<" in chart for name in ("IoU vehicle", "Dice vehicle", "pixel accuracy"))


def test_class_chart_leaves_out_classes_without_objects():
    """What is drawn has a share, a number of pictures and of objects."""
    rows = [
        {"name": "car", "images": 2, "objects": 7, "area_percent": 12.345},
        {"name": "trailer", "images": 0, "objects": 0, "area_percent": 0.0},
    ]

    chart = class_chart(rows, {"car": (0, 0, 142)})

    assert "12.35 %" in chart or "12.34 %" in chart
    assert "trailer" not in chart


def test_iou_chart_tells_the_values_in_words():
    """Its label is for those who cannot see it; a class that occurs nowhere has no value."""
    chart = iou_chart({"car": 0.5, "bus": None}, {"car": [0.4, 0.6]}, {})

    assert "car 0.500" in chart
    assert "bus nan" not in chart.split(">", 1)[1]


def test_smoothing_keeps_a_constant_and_the_length():
    """The ends are means of what there is."""
    assert np.allclose(smoothed(np.full(500, 3.0)), 3.0)
    assert len(smoothed(np.arange(7.0))) == 7


def test_thinning_keeps_the_highest_and_the_lowest_point():
    """A single bad step of a long training is still seen."""
    y = np.zeros(100_000)
    y[54_321], y[777] = 9.0, -9.0

    x, kept = thinned(np.arange(100_000.0), y)

    assert len(x) <= 1200
    assert (kept.max(), kept.min()) == (9.0, -9.0)
    assert (np.diff(x) > 0).all()
