import json
from pathlib import Path

import pytest

from kittiseg.project.store import Files
from kittiseg.training.history import append_history, cut_history, flat, read_history


@pytest.fixture
def model(tmp_path: Path) -> Files:
    return Files.at(tmp_path)


def train(step: int) -> dict[str, object]:
    return {"kind": "train", "step": step, "loss": 0.5}


def val(checkpoint: int, step: int) -> dict[str, object]:
    return {"kind": "val", "checkpoint": checkpoint, "step": step, "loss": 0.5}


def test_records_are_added_line_by_line(model: Files) -> None:
    """And NaN, which JSON cannot write, is null."""
    append_history(model, [train(1)])
    append_history(model, [{"kind": "val", "iou": {"car": float("nan")}}])

    lines = model.read("history.jsonl").decode().splitlines()
    assert [json.loads(line) for line in lines] == [train(1), {"kind": "val", "iou": {"car": None}}]


def test_a_line_that_was_cut_off_is_left_out(model: Files) -> None:
    """A process may be killed while it writes."""
    append_history(model, [train(1), train(2)])
    model.write("history.jsonl", model.read("history.jsonl")[:-5])

    assert read_history(model) == [train(1)]


def test_no_history_is_an_empty_one(model: Files) -> None:
    """A model that was prepared and not yet trained."""
    assert read_history(model) == []


def test_what_comes_after_a_checkpoint_is_taken_back(model: Files) -> None:
    """Steps past it, and the validation of a checkpoint that was never finished at the same step."""
    append_history(model, [train(1), val(1, 1), train(2), val(2, 2), train(3)])

    cut_history(model, step=2, checkpoint=1)

    assert read_history(model) == [train(1), val(1, 1), train(2)]


def test_numbers_are_flat_and_known() -> None:
    """A class that is nowhere has no IoU."""
    assert flat({"loss": 0.5, "mean_iou": None, "iou": {"car": 0.25, "van": None}}) == {"loss": 0.5, "iou/car": 0.25}
