from dataclasses import replace
from typing import Any

import pytest

from kittiseg.cli import tables_models
from kittiseg.inference.areas import Areas
from kittiseg.inference.skip import Coarse, Sieve
from kittiseg.pipeline import (
    Calibrated,
    Predicted,
)
from kittiseg.pipeline.prediction_plan import Costs, plan_prediction
from kittiseg.project.geometry import Size
from kittiseg.project.store import Workspace
from kittiseg.project.vectors import Rectangle
from tests.data.consoles import narrow
from tests.data.footprints import mode_of, sized

NEAR = Areas.of_shapes([Rectangle(2, 2, 5, 5)])


def checkpoint(number: int, *, iou: float | None, marks: list[str]) -> dict[str, Any]:
    return {
        "checkpoint": number,
        "epoch": number / 2,
        "loss": 0.5,
        "accuracy": 0.75,
        "iou": {"vehicle": iou},
        "marks": marks,
    }


def listing(entries: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    return {"model": "m", "classes": ["vehicle"], "best_by": "loss", "checkpoints": entries, "damaged": [], **fields}


def test_whole_pictures_have_a_column_where_there_are_any():
    """A dash where a checkpoint was not validated on them; the title says by what the best is chosen."""
    console, out = narrow()
    entries = [checkpoint(1, iou=0.5, marks=[]), checkpoint(2, iou=0.5, marks=[]) | {"whole": {"mean_iou": 0.25}}]

    tables_models.show_checkpoints(console, listing(entries, best_by="whole/mean_iou"))

    lines = out.getvalue().splitlines()
    assert lines[0].strip() == "m, best by the highest whole/mean_iou"
    assert lines[1].split()[-2:] == ["whole", "pictures"]
    assert [line.split()[-1] for line in lines[2:]] == ["-", "0.2500"]


def test_many_classes_stand_below_the_checkpoints():
    """The mean in the line, and each class of the best checkpoint in a line of its own."""
    console, out = narrow()
    ious = dict.fromkeys("abcde", 0.5) | {"nowhere": None}
    entries = [
        checkpoint(n, iou=0.5, marks=marks) | {"mean_iou": 0.5, "iou": ious} for n, marks in ((1, ["best"]), (2, []))
    ]

    tables_models.show_checkpoints(console, listing(entries, classes=list(ious)))

    lines = [line.split() for line in out.getvalue().splitlines()]
    assert lines[1] == ["checkpoint", "epoch", "loss", "accuracy", "mean", "IoU"]
    assert lines[2] == ["1", "0.50", "0.5000", "0.7500", "0.5000", "best"]
    assert lines[4:6] == [["checkpoint", "1"], ["class", "IoU"]]
    assert lines[-1] == ["nowhere", "-"]


def test_checkpoints_are_marked(workspace: Workspace):
    """Best and last; a score that is undefined is a dash; damaged ones are named below."""
    console, out = narrow()
    entries = [checkpoint(26, iou=0.5, marks=["best"]), checkpoint(27, iou=None, marks=["last"])]

    tables_models.show_checkpoints(console, listing(entries, damaged=["00000025 is cut off"]))

    lines = out.getvalue().splitlines()
    assert lines[0].strip() == "m, best by the lowest loss"
    assert lines[2].split() == ["26", "13.00", "0.5000", "0.7500", "0.5000", "best"]
    assert lines[3].split() == ["27", "13.50", "0.5000", "0.7500", "-", "last"]
    assert lines[-1] == "damaged: 00000025 is cut off"


def test_a_calibration_is_told_before_and_after():
    """And over how many pixels of which pictures."""
    console, out = narrow()
    found = Calibrated(
        model="m",
        checkpoint=27,
        temperature=1.5,
        source="project 'squares'",
        pictures=8,
        pixels=65536,
        seed=0,
        before={"nll": 0.5, "ece": 0.125},
        after={"nll": 0.25, "ece": 0.0625},
    )

    tables_models.show_calibrated(console, found)

    lines = [line.split() for line in out.getvalue().splitlines()]
    assert lines[0] == ["m,", "checkpoint", "27"]
    assert lines[2:4] == [["before", "1.0000", "0.5000", "0.1250"], ["after", "1.5000", "0.2500", "0.0625"]]
    assert " ".join(lines[4]) == "over 65,536 pixels of 8 validation pictures of project 'squares'"


def test_skipped_windows_have_a_column_where_there_are_any():
    """A prediction that is shown every window is told as it always was."""
    console, out = narrow()
    made = Predicted(project="out", images=2, windows=3, seconds=4.0, digest="")

    tables_models.show_predicted(console, made)
    tables_models.show_predicted(console, replace(made, skipped=9))

    rows = [line.split() for line in out.getvalue().splitlines() if line]
    assert ["out", "2", "3", "4.0", "0.50"] in rows
    assert ["out", "2", "3", "9", "4.0", "0.50"] in rows
    assert [row for row in rows if "skipped" in row] == [rows[-2]]


def test_the_plan_of_a_prediction_is_told_size_by_size():
    """Then what it comes to: 206 batches of 3 s on two workers take five minutes."""
    console, out = narrow()
    sizes = {Size(height=1000, width=3000): 388} | {Size(height=10, width=10 + more): 1 for more in range(12)}

    tables_models.show_prediction_plan(
        console,
        plan_prediction(
            {sized(size, mode_of(source="full_image")): count for size, count in sizes.items()},
            Costs(classes=2, batch_size=2, seconds_per_batch=3.0, workers=2),
        ),
    )

    lines = out.getvalue().splitlines()
    assert lines[1].split() == ["3000", "x", "1000", "388", "1", "194", "1.00", "1", "384", "MB"]
    assert lines[-4:] == [
        "and 3 other sizes",
        "400 pictures, 400 windows in 206 batches of 2; a px is seen 1.00 times",
        "memory: at most 384 MB per worker, beside the network",
        "computing: about 5 min on 2 workers, at 3 s a batch, measured",
    ]


@pytest.mark.parametrize(
    ("sieve", "told"),
    [
        (Sieve(inside=NEAR), "2 pictures, 2 windows in 1 batches of 2, 6 skipped; a px is seen 0.25 times"),
        (Sieve(plain=True), "2 pictures, at most 8 windows in 4 batches of 2 (at least 0); a px is seen at most 1.00 "),
        (
            Sieve(inside=NEAR, coarse=Coarse(factor=2)),
            "2 pictures, at most 4 windows in 2 batches of 2 (at least 2), 6 skipped; a px is seen at most 0.50 times",
        ),
    ],
)
def test_a_plan_with_skipped_windows_says_what_it_knows(sieve: Sieve, told: str):
    """Four windows of 10 x 10 px on each of two pictures, of which one touches what is inside."""
    console, out = narrow()
    sliding = mode_of(source="sliding_window", window={"width": 10, "height": 10})
    picture = sized(Size(height=20, width=20), sliding, sieve=sieve)

    plan = plan_prediction({picture: 2}, Costs(classes=2, batch_size=2, seconds_per_batch=3.0))
    tables_models.show_prediction_plan(console, plan)

    head, *_, total, _, computing = out.getvalue().splitlines()
    assert total.startswith(told)
    assert ("windows at most" in head) == computing.startswith("computing: at most ") == ("at most" in told)
