import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from kittiseg.errors import ModelError
from kittiseg.project.store import Files, Workspace
from kittiseg.training.checkpoints import (
    TrainState,
    install_checkpoint,
    list_checkpoints,
    load_network,
    read_newest,
    read_optimizer,
    read_weights,
    resolve,
)
from kittiseg.training.classes import ClassIndex
from kittiseg.training.keeping import write_checkpoint
from kittiseg.training.model import ModelConfig
from tests.data.training import CAR, tiny_config

CONFIG = ModelConfig(tiny_config(), ClassIndex.of(CAR, tiny_config().special_classes))
LOSSES = (0.5, 0.3, 0.4, 0.3)


@pytest.fixture
def model(tmp_path: Path) -> Files:
    return Files.at(tmp_path)


def state_at(number: int) -> TrainState:
    metrics: dict[str, Any] = {"loss": LOSSES[number - 1], "iou": {"car": None}}
    return TrainState(step=7 * number, epoch=number / 2, val_losses=LOSSES[:number], metrics=metrics)


def write(model: Files, *numbers: int) -> dict[str, torch.Tensor]:
    """Checkpoints of one network, which is given back by name."""
    weights = CONFIG.build().state_dict()
    for number in numbers:
        write_checkpoint(model, state_at(number), CONFIG, weights, {"exp_avg.head.bias": torch.tensor([1.0 * number])})
    return weights


def test_a_checkpoint_reads_back(model: Files) -> None:
    """Weights, moments and state, of the number that the state has."""
    weights = write(model, 1, 2)

    found = resolve(model, "2")

    assert found.number == 2
    assert found.state == state_at(2)
    assert found.loss == 0.3
    assert all(torch.equal(tensor, weights[name]) for name, tensor in read_weights(found).items())
    assert read_optimizer(found)["exp_avg.head.bias"].item() == 2
    assert model.folders("checkpoints") == ["00000001", "00000002"]


def test_config_and_manifest_lie_beside_the_weights(model: Files) -> None:
    """The config is that of 2018's models; the manifest has the length and digest of every other file."""
    write(model, 1)

    config = model.read_json("checkpoints/00000001/config.json")
    manifest = model.read_json("checkpoints/00000001/manifest.json")

    assert set(config) == {"settings", "out_classes", "class_title_to_idx"}
    assert set(manifest) == set(model.files("checkpoints/00000001")) - {"manifest.json"}
    assert manifest["config.json"]["bytes"] == len(model.read("checkpoints/00000001/config.json"))


def test_best_is_the_first_of_the_lowest_losses(model: Files) -> None:
    """Strictly below what came before: 2 and 4 have the same loss."""
    write(model, 1, 2, 3, 4)

    listing = list_checkpoints(model)

    assert (listing.best.number, listing.last.number) == (2, 4)
    assert resolve(model, "best").number == 2
    assert resolve(model, "last").number == 4


def test_best_is_what_the_model_s_config_says(model: Files) -> None:
    """The highest IoU, though its loss is the highest too."""
    config = ModelConfig(tiny_config(best_by="mean_iou"), CONFIG.classes)
    model.write("config.json", config.to_bytes())
    for number, mean_iou in ((1, 0.7), (2, 0.6), (3, None)):
        state = replace(state_at(number), metrics={"mean_iou": mean_iou})
        write_checkpoint(model, state, config, {"a": torch.zeros(1)}, {})

    assert list_checkpoints(model).best_by == "mean_iou"
    assert resolve(model, "best").number == 1


def test_a_wrong_number_is_an_error_with_the_right_ones(model: Files) -> None:
    """All that there are, in short."""
    write(model, 1, 2, 4)

    with pytest.raises(ModelError, match=r"no checkpoint '3'; there are 1-2, 4, 'best' \(2\) and 'last' \(4\)"):
        resolve(model, "3")
    with pytest.raises(ModelError, match="no checkpoint 'newest'"):
        resolve(model, "newest")


def test_no_checkpoint_is_an_error(model: Files) -> None:
    """Also for best and last."""
    with pytest.raises(ModelError, match="no checkpoint yet"):
        resolve(model, "best")


@pytest.mark.parametrize("part", ["model.safetensors", "state.json", "config.json", "manifest.json"])
def test_a_cut_off_checkpoint_is_named_and_passed_over(model: Files, part: str) -> None:
    """Whichever file ends too early; the others remain."""
    write(model, 1, 2)
    place = f"checkpoints/00000002/{part}"
    model.write(place, model.read(place)[:-9])

    listing = list_checkpoints(model)

    assert [checkpoint.number for checkpoint in listing.whole] == [1]
    assert len(listing.damaged) == 1
    assert place in listing.damaged[0]
    with pytest.raises(ModelError, match=rf"no checkpoint '2'.*damaged: .*{part}"):
        resolve(model, "2")


def test_changed_weights_are_found_when_they_are_read(model: Files) -> None:
    """One byte of the same length; going on takes the checkpoint before."""
    write(model, 1, 2)
    place = "checkpoints/00000002/model.safetensors"
    model.write(place, model.read(place)[:-1] + b"\xff")

    with pytest.raises(ModelError, match=r"00000002/model\.safetensors is damaged"):
        read_weights(resolve(model, "2"))
    found, passed_over = read_newest(model)
    assert found is not None
    assert found.checkpoint.number == 1
    assert len(passed_over) == 1


def test_what_a_killed_writer_left_is_no_checkpoint(model: Files) -> None:
    """Its folder has another name, and the next writer clears it away."""
    write(model, 1)
    model.make_folder("checkpoints/.writing")
    model.write("checkpoints/.writing/model.safetensors", b"half")

    assert [checkpoint.number for checkpoint in list_checkpoints(model).whole] == [1]
    write(model, 2)
    assert list_checkpoints(model).last.number == 2
    assert not model.exists("checkpoints/.writing")


def test_a_checkpoint_is_written_over_a_damaged_one(model: Files) -> None:
    """As a training does that went on from before it."""
    write(model, 1, 2)
    model.remove("checkpoints/00000002/model.safetensors")

    write(model, 2)

    assert list_checkpoints(model).damaged == ()


def test_a_network_is_loaded_ready_to_predict(model: Files) -> None:
    """In evaluation mode, with the weights and the config it was written with."""
    weights = write(model, 1)

    network, config = load_network(model, resolve(model, "last"))

    assert not network.training
    assert config == CONFIG
    assert all(torch.equal(tensor, weights[name]) for name, tensor in network.state_dict().items())


def test_weights_of_another_network_are_an_error(model: Files) -> None:
    """A checkpoint that contradicts itself, digests and all."""
    write_checkpoint(model, state_at(1), CONFIG, {"head.weight": torch.zeros(1)}, {})

    with pytest.raises(ModelError, match=r"not those of its config\.json"):
        load_network(model, resolve(model, "1"))


def test_a_state_of_another_version_is_read(model: Files) -> None:
    """A field that this version does not know, and one that that version did not know."""
    write(model, 1)
    state = {**model.read_json("checkpoints/00000001/state.json"), "adam_steps": 7}
    del state["sizes"]
    install_checkpoint(model, "00000002", {"state.json": json.dumps(state).encode(), "config.json": b"{}"})

    assert resolve(model, "2").state == state_at(1)


@pytest.mark.parametrize("state", [b"{}", b"[]", b"{"])
def test_a_state_that_is_none_is_named(model: Files, state: bytes) -> None:
    """Under a right digest."""
    install_checkpoint(model, "00000001", {"state.json": state, "config.json": b"{}"})

    assert "none of this version" in list_checkpoints(model).damaged[0]


def test_in_object_storage_a_checkpoint_is_there_when_its_manifest_is(s3_workspace: Workspace) -> None:
    """One that a kill cut off before is none, not a damaged one, and the next of its number takes its place."""
    model = s3_workspace.files.within("models/m")
    write(model, 1, 2)
    model.remove("checkpoints/00000002/manifest.json")
    model.write("checkpoints/00000002/half", b"")

    listing = list_checkpoints(model)
    assert ([each.number for each in listing.whole], listing.damaged) == ([1], ())
    write(model, 2)

    assert list_checkpoints(model).last.number == 2
    assert not model.exists("checkpoints/00000002/half")
