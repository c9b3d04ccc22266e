import pytest

from kittiseg.training.scores import best_of, score_of

METRICS = {
    "mean_iou": 0.5,
    "iou": {"bg": 0.9, "car/van": 0.1, "bus": None},
    "whole": {"mean_iou": 0.4, "iou": {"bg": 0.8, "car/van": 0.0}},
}


@pytest.mark.parametrize(
    ("best_by", "score"),
    [
        ("loss", -2.0),
        ("mean_iou", 0.5),
        ("iou/car/van", 0.1),
        ("iou/bus", None),
        ("iou/tram", None),
        ("whole/mean_iou", 0.4),
        ("whole/iou/car/van", 0.0),
    ],
)
def test_a_checkpoint_is_scored_by_the_value_that_best_by_names(best_by: str, score: float | None) -> None:
    """The loss by its negative, for higher is better; None is what the metrics do not have."""
    assert score_of(METRICS, 2.0, best_by) == score


def test_without_whole_pictures_there_is_no_score_of_them() -> None:
    """Most checkpoints are validated on crops alone."""
    assert score_of({"mean_iou": 0.5}, 2.0, "whole/mean_iou") is None


def test_the_first_of_the_best_is_the_best() -> None:
    """Not the last of two equal ones, and not one whose value is unknown."""
    losses = [
        {"loss": 0.3},
        {"loss": 0.1, "mean_iou": 0.2},
        {"loss": 0.1, "mean_iou": 0.7},
        {"loss": 2, "mean_iou": 0.7},
    ]

    assert best_of(losses, "loss") == 1
    assert best_of(losses, "mean_iou") == 2


def test_where_no_checkpoint_has_the_value_the_lowest_loss_is_the_best() -> None:
    """Somebody may ask for the best before the first whole picture was validated."""
    assert best_of([{"loss": 0.3}, {"loss": 0.2, "whole": {"mean_iou": None}}], "whole/mean_iou") == 1
