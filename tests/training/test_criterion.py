import pytest
import torch

from kittiseg.training.criterion import loss_for, make_criterion
from kittiseg.training.losses import BceDice, CrossEntropy, Totals
from kittiseg.training.losses.overlap import Dice
from tests.data.label_maps import batch, of
from tests.data.training import tiny_config

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
