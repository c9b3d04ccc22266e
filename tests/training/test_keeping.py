from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from kittiseg.project.store import Files
from kittiseg.training.checkpoints import TrainState, list_checkpoints, read_newest
from kittiseg.training.classes import ClassIndex
from kittiseg.training.keeping import write_checkpoint
from kittiseg.training.model import ModelConfig
from tests.data.training import CAR, tiny_config

CONFIG = ModelConfig(tiny_config(), ClassIndex.of(CAR, tiny_config().special_classes))


@pytest.fixture
def model(tmp_path: Path) -> Files:
    return Files.at(tmp_path)


def write(model: Files, losses: list[float], *, ious: list[float | None] | None = None, **fields: Any) -> None:
    """A checkpoint after another with these validation losses; ``fields`` of the config."""
    config = replace(CONFIG, settings=tiny_config(**fields))
    for number in range(1, len(losses) + 1):
        metrics = {"mean_iou": ious[number - 1]} if ious else {}
        state = TrainState(val_losses=tuple(losses[:number]), metrics=metrics)
        write_checkpoint(model, state, config, {"w": torch.zeros(1)}, {"step.w": torch.tensor(1.0 * number)})


def numbers(model: Files) -> list[int]:
    return [checkpoint.number for checkpoint in list_checkpoints(model).whole]


def test_only_the_newest_two_of_all_remember_the_optimizer(model: Files) -> None:
    """The others are whole all the same, but cannot be gone on from."""
    write(model, [3.0, 2.0, 1.0])

    whole = list_checkpoints(model).whole

    assert [checkpoint.can_go_on for checkpoint in whole] == [False, True, True]
    model.remove("checkpoints/00000002")
    model.remove("checkpoints/00000003")
    assert read_newest(model) == (None, ())


def test_the_best_and_the_last_are_kept(model: Files) -> None:
    """Of five the two of the lowest losses, the first where they are equal; numbers do not shift."""
    write(model, [5.0, 3.0, 4.0, 3.0, 3.0, 6.0], keep={"best": 2})

    listing = list_checkpoints(model)

    assert numbers(model) == [2, 4, 6]
    assert (listing.best.number, listing.last.number) == (2, 6)
    assert all(checkpoint.can_go_on for checkpoint in listing.whole)


def test_best_is_what_best_by_names(model: Files) -> None:
    """By another value than the loss; one that does not have it is worse than any that has."""
    ious = [0.1, 0.7, None, 0.3, 0.2]

    write(model, [5.0, 4.0, 1.0, 2.0, 3.0], ious=ious, keep={"best": 2}, best_by="mean_iou")

    assert numbers(model) == [2, 4, 5]


def test_a_damaged_last_one_falls_back_to_the_newest_that_was_kept(model: Files) -> None:
    """With what the optimizer remembered then; what is written next does not count the damaged one."""
    write(model, [1.0, 2.0, 4.0, 3.0, 5.0], keep={"best": 2})
    place = "checkpoints/00000005/model.safetensors"
    model.write(place, model.read(place)[:-1] + b"\xff")

    found, passed_over = read_newest(model)

    assert numbers(model) == [1, 2, 5]
    assert found is not None
    assert found.checkpoint.number == 2
    assert found.memory["step.w"] == 2
    assert "00000005/model.safetensors is damaged" in passed_over[0]
    config = replace(CONFIG, settings=tiny_config(keep={"best": 1}))
    write_checkpoint(model, TrainState(val_losses=(1.0, 2.0, 4.0)), config, {}, {})
    assert numbers(model) == [1, 3, 5]
