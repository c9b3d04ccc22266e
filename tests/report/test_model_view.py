from typing import Any

import numpy as np

from kittiseg.report.blocks import Gallery, Table
from kittiseg.report.model_view import best_rule, checkpoint_tables, facts_of, model_view
from kittiseg.report.sections import Example, Extremes, ModelSection, Picture
from tests.data.histories import CALIBRATION, history_of


def model_section(checkpoints: list[int], **fields: Any) -> ModelSection:
    """Of four checkpoints, of which these are on disk."""
    entries = [{"checkpoint": number} for number in checkpoints]
    return ModelSection(**{"name": "unet", "config": {}, "history": history_of(4), "checkpoints": entries, **fields})


def checkpoints(section: ModelSection) -> Table:
    (found,) = checkpoint_tables(section)
    return found


def galleries(extremes: Extremes | None) -> dict[str, Gallery]:
    """Of a model that was never trained: charts take their time."""
    view = model_view(model_section([1], best=1, history=[], extremes=extremes))
    return {block.title: block for block in view.blocks if isinstance(block, Gallery)}


def facts(section: ModelSection) -> dict[str, str]:
    return {fact.label: fact.value for fact in facts_of(section)}


def test_the_checkpoints_say_which_is_best_last_and_chosen():
    """Best and chosen rows stand out."""
    found = checkpoints(model_section([1, 2, 3, 4], best=2, chosen=3))

    assert [row[0].marks for row in found.rows] == [(), ("best",), ("chosen",), ("last",)]
    assert found.highlighted == {1, 2}


def test_checkpoints_that_are_gone_are_pale():
    """A model restored from checkpoint 3 has no other."""
    assert checkpoints(model_section([3], best=3)).faint == {0, 1, 3}


def test_without_a_whole_checkpoint_none_is_the_best():
    """The history alone is no checkpoint to go on with."""
    found = checkpoints(model_section([]))

    assert [row[0].marks for row in found.rows] == [(), (), (), ("last",)]
    assert found.faint == frozenset()


def test_a_checkpoints_train_loss_is_the_mean_since_the_one_before():
    """The steps 6 to 10 belong to checkpoint 2."""
    found = checkpoints(model_section([]))

    mean = sum(1 / step for step in range(6, 11)) / 5
    assert found.rows[1][2].text == f"{mean:.4f}"


def test_the_iou_on_whole_pictures_is_a_column_where_it_is_known():
    """A dash where a checkpoint was not tried on them."""
    history = history_of(2)
    history[-1]["whole"] = {"mean_iou": 0.625, "iou": {}}
    section = model_section([1, 2], best=2, history=history)

    found = checkpoints(section)

    assert [row[found.columns.index("on whole pictures")].text for row in found.rows] == ["–", "0.625"]  # noqa: RUF001
    assert "on whole pictures" not in checkpoints(model_section([1, 2])).columns
    assert facts(section)["the same on whole pictures"] == "0.625"


def test_the_head_tells_speed_waiting_and_memory():
    """The last two where the history has them."""
    history = [{**line, "waited": 0.5, "memory_mb": 1000.0 + place} for place, line in enumerate(history_of(1))]

    found = facts(model_section([1], history=history))

    assert found["pictures/s in training"] == "12.5"
    assert found["of the time waited for data"] == "50%"
    assert found["memory at most"] == "1,005 MB"
    older = [{key: line[key] for key in line if key != "memory_mb"} for line in history_of(1)]
    assert not {"of the time waited for data", "memory at most"} & facts(model_section([1], history=older)).keys()


def test_a_calibrated_model_shows_its_reliability():
    """With the temperature, and over what it was found; another has no such chart."""
    shown, without = (
        [block for block in model_view(model_section([1], history=[], calibration=each)).blocks if block.title]
        for each in (CALIBRATION, None)
    )

    assert [block.title for block in shown] == ["Reliability, temperature 1.500"]
    assert shown[0].caption == "Of checkpoint 27, over 4,000 pixels of project 'squares'."
    assert without == []


def test_the_page_says_by_what_the_best_is_the_best():
    """The config may name another measure than the loss."""
    rules = [best_rule(best_by).split(" with the ")[1] for best_by in ("loss", "mean_iou", "whole/iou/car")]

    assert rules == ["lowest validation loss.", "highest mean IoU.", "highest IoU of car on whole pictures."]


def test_extreme_pictures_stand_in_a_gallery_for_each_side():
    """With the classes' colours; a side without pictures has none."""
    example = Example("p/ds/a.png", (Picture("picture", np.zeros((2, 2, 3), np.uint8)),))
    shown = Extremes(worst=[example], best=[], colors={"car": (1, 2, 3)})

    found = galleries(shown)

    assert list(found) == ["Worst validation pictures"]
    assert found["Worst validation pictures"].legend == {"car": (1, 2, 3)}
    assert "checkpoint 1, the best" in found["Worst validation pictures"].caption


def test_pictures_that_cannot_be_shown_are_told_of_in_a_line():
    """And a model that never knew scores of pictures says nothing."""
    found = galleries(Extremes(missing="The project is gone."))

    assert found["Validation pictures"].caption == "The project is gone."
    assert galleries(None) == {}
