import pytest

from kittiseg.report.wording import counts, decimal, duration, flat_rows, measure, significant, whole


@pytest.mark.parametrize(
    "document",
    [
        {"training": 3},
        {"training": {"images": 3, "bytes": 7}},
        [{"name": "training", "images": 3}],
    ],
)
def test_counts_are_read_in_every_form(document: object):
    """A number for each name, however it is written."""
    assert counts(document) == {"training": 3}


def test_sizes_are_named_by_width_and_height():
    """The statistics list sizes without a name."""
    assert counts([{"width": 1242, "height": 375, "images": 36}]) == {"1242 x 375": 36}


def test_a_nested_document_becomes_flat_rows():
    """Settings in settings are named by the way to them."""
    document = {"batch_size": {"train": 14}, "gpu_devices": [0, 1], "eval": True, "init": None}

    assert dict(flat_rows(document)) == {
        "batch size / train": "14",
        "gpu devices": "0, 1",
        "eval": "yes",
        "init": "–",  # noqa: RUF001
    }


def test_a_missing_number_is_a_dash():
    """A class that occurs nowhere has no IoU, and JSON says null."""
    assert decimal(None) == decimal(float("nan")) == whole(None) == "–"  # noqa: RUF001
    assert decimal(0.81234, 3) == "0.812"


def test_numbers_of_any_size_have_four_digits():
    """Without the zeros of an exponent."""
    assert [significant(value) for value in (0.0012345, 1e-5, 1.25e12, 256)] == ["0.001234", "1e-5", "1.25e12", "256"]


def test_a_duration_is_told_in_the_unit_that_fits():
    """Two minutes are minutes, two hours hours."""
    assert [duration(seconds) for seconds in (38.2, 120, 9000)] == ["38 s", "2 min", "2.5 h"]


def test_what_checkpoints_are_compared_by_has_a_name():
    """As ``best_by`` says it."""
    assert [measure(name) for name in ("loss", "mean_iou", "iou/car", "whole/mean_iou", "whole/iou/a/b")] == [
        "validation loss", "mean IoU", "IoU of car", "mean IoU on whole pictures", "IoU of a/b on whole pictures",
    ]  # fmt: skip
