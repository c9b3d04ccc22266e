from pathlib import Path

import numpy as np
import pytest
import torch

from kittiseg.project.store import Files, Workspace
from kittiseg.training.checkpoints import list_checkpoints
from kittiseg.training.criterion import loss_for, make_criterion
from kittiseg.training.history import read_history
from kittiseg.training.loop import train_loop
from kittiseg.training.losses import LOSSES, BceDice, CrossEntropy, Totals
from kittiseg.training.losses.overlap import Dice
from tests.data.label_maps import batch, of
from tests.data.train_worker import Context, train_by
from tests.data.training import tiny_config, tiny_job, with_epochs, write_squares

CPU = torch.device("cpu")


def test_without_a_loss_the_classes_choose() -> None:
    """Two are trained as in 2018, with the config's weights, more with cross-entropy."""
    config = tiny_config(loss_weights={"bce": 3, "dice": 0.5})

    assert loss_for(config, 2) == BceDice(bce=3, dice=0.5)
    assert loss_for(config, 3) == CrossEntropy()
    assert loss_for(tiny_config(loss={"name": "dice", "per": "batch"}), 2) == Dice(per="batch")


def test_the_value_is_shared_by_pictures() -> None:
    """Two pictures of five have two fifths of the loss of the batch."""
    logits_nchw, labels_nhw, totals = batch()
    criterion = make_criterion(tiny_config(loss={"name": "dice", "per": "batch"}), 2, (), CPU)
    sums = criterion.sums(logits_nchw, labels_nhw, totals)

    part = criterion.contribution(logits_nchw[:2], labels_nhw[:2], totals, sums)

    torch.testing.assert_close(part, of(Dice(per="batch"), logits_nchw, labels_nhw) * 2 / 5)


@pytest.mark.parametrize("per", ["sample", "batch"])
def test_sums_of_no_picture_are_zeros_of_their_shape(per: str) -> None:
    """So that a worker without pictures can take part in adding up."""
    logits_nchw, labels_nhw, totals = batch(3)
    criterion = make_criterion(tiny_config(loss={"name": "dice", "per": per}), 3, (1, 2, 3), CPU)

    nothing = criterion.no_sums(dtype=torch.float64, device=CPU)

    assert criterion.sums(logits_nchw, labels_nhw, totals).shape == nothing.shape
    assert criterion.needs_sums == (per == "batch")
    assert not nothing.any()
    assert criterion.value(nothing).item() == 0


def test_class_weights_are_on_the_device() -> None:
    """None for classes that weigh the same."""
    labels_nhw = torch.ones(1, 1, 1, dtype=torch.uint8)
    even, weighted = (make_criterion(tiny_config(), 2, weights, CPU) for weights in ((), (1, 3)))

    assert even.weights_c is None
    losses = [
        each.loss.sums(torch.zeros(1, 2, 1, 1), labels_nhw, Totals(samples=1, pixels=1), each.weights_c)
        for each in (even, weighted)
    ]
    assert losses[1] > losses[0]


def losses(model: Files, kind: str) -> list[float]:
    return [record["loss"] for record in read_history(model) if record["kind"] == kind]


def test_a_loss_of_the_whole_batch_is_the_same_for_any_number_of_workers(tmp_path: Path) -> None:
    """Dice per batch: three shards in one process, and shared out to two. The last batch of 7 has one shard."""
    workspace = Workspace.at(tmp_path / "workspace")
    project = write_squares(workspace, train=7)
    fields = {"gpu_devices": [0, 1, 2], "epochs": 2, "val_every": 1, "loss": {"name": "dice", "per": "batch"}}
    one = tiny_job(workspace, "one", project=project, **fields)
    several = tiny_job(workspace, "several", project=project, **fields)

    train_loop(Context(rank=0, world_size=1), one)
    train_by(2, several, tmp_path)

    for kind in ("train", "val"):
        np.testing.assert_allclose(losses(several.model, kind), losses(one.model, kind), atol=1e-5)
        assert all(0 < loss < 1 for loss in losses(one.model, kind))


@pytest.mark.parametrize("name", LOSSES)
def test_each_loss_learns_the_squares(tmp_path: Path, name: str) -> None:
    """Ten epochs find a bright square on pictures that were not trained on."""
    job = tiny_job(Workspace.at(tmp_path), epochs=10, val_every=10, lr=0.01, loss={"name": name})

    train_loop(Context(rank=0, world_size=1), job)

    assert list_checkpoints(job.model).last.state.metrics["iou"]["car"] > 0.6


def test_balanced_weights_stay_those_of_the_first_pictures(tmp_path: Path) -> None:
    """The checkpoint remembers them, a training that goes on has the same, and they change the loss."""
    workspace = Workspace.at(tmp_path)
    project = write_squares(workspace)
    even = tiny_job(workspace, "even", project=project, epochs=2, val_every=1)
    whole = tiny_job(workspace, "whole", project=project, epochs=2, val_every=1, class_weights="balanced")
    parts = tiny_job(workspace, "parts", project=project, epochs=2, val_every=1, class_weights="balanced")

    for job in (even, whole, with_epochs(parts, 1), parts):
        train_loop(Context(rank=0, world_size=1), job)

    weights = list_checkpoints(whole.model).last.state.class_weights
    assert list_checkpoints(even.model).last.state.class_weights == ()
    assert weights[0] < 1 < weights[1]
    assert list_checkpoints(parts.model).last.state.class_weights == weights
    assert losses(parts.model, "train") == losses(whole.model, "train")
    assert losses(even.model, "train")[0] != losses(whole.model, "train")[0]
