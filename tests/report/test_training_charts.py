import numpy as np

from kittiseg.report.training_charts import (
    loss_chart,
    metric_chart,
    rate_chart,
    smoothed,
    speed,
    thinned,
    throughput_chart,
    waiting,
)
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
    assert "Throughput" in throughput_chart([])


def test_a_loss_that_is_missing_leaves_a_gap_and_no_error():
    """A step whose loss was no number is null in the history."""
    history = history_of(2)
    history[1]["loss"] = None

    assert "validation" in loss_chart(history)


def test_metric_chart_names_a_line_for_each_class():
    """IoU by class, Dice, and the pixel accuracy of training and validation."""
    chart = metric_chart(history_of(2))

    assert all(f">{name}<" in chart for name in ("IoU vehicle", "Dice", "accuracy, training", "accuracy, validation"))


def test_the_iou_on_whole_pictures_is_marked_where_it_is_known():
    """Only some validations have it, and old ones none."""
    history = history_of(3)
    history[-1]["whole"] = {"mean_iou": 0.6, "iou": {"bg": 0.8, "vehicle": 0.4}}

    assert ">IoU on whole pictures<" in metric_chart(history)
    assert ">IoU on whole pictures<" not in metric_chart(history_of(3))


def test_of_many_classes_eight_and_the_mean_are_drawn():
    """34 lines and as many of Dice would hide one another."""
    history = history_of(2)
    for line in history:
        if line["kind"] == "val":
            line["iou"] = line["dice"] = {f"class {number:02d}": number / 40 for number in range(34)}
            line["whole"] = {"mean_iou": 0.4, "iou": line["iou"]}

    chart = metric_chart(history)

    assert chart.count(">IoU class ") == 8
    assert ">IoU class 33<" in chart
    assert ">mean IoU of 34 classes<" in chart
    assert ">mean, whole pictures<" in chart
    assert ">Dice<" not in chart


def test_rate_chart_has_each_rate_at_its_axis():
    """Of a rate that falls by steps; the first and the last are told in words."""
    history = history_of(4)
    for line in history[12:]:
        line["lr"] = 0.0002

    chart = rate_chart(history)

    assert ">0.001<" in chart
    assert ">0.0002<" in chart
    assert "0.001 at first, 0.0002 at last" in chart


def test_a_rate_that_rises_from_zero_and_falls_far_can_be_drawn():
    """Zero has no place on a logarithmic axis."""
    history = history_of(8)
    for step, line in enumerate(history):
        line["lr"] = 0.0 if step == 0 else 0.1 / 10**step

    assert "0 at first" in rate_chart(history)
    assert "none at first" in rate_chart([])


def test_throughput_tells_the_share_that_was_waited_where_it_is_known():
    """Older histories lack it, and the panel with it."""
    old, new = history_of(2), history_of(2)
    for line in new:
        line["waited"] = 0.25

    assert "12.5 pictures/s in the median, 25% of the time waited" in throughput_chart(new)
    assert ">waited, %<" in throughput_chart(new)
    assert "waited" not in throughput_chart(old)
    assert (waiting(new), waiting(old), speed(old), speed([])) == (0.25, None, 12.5, None)


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
