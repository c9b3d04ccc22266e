import pytest

from kittiseg.report.wording import counts, decimal, flat_rows, whole


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
