import math

import pytest
import torch
import torch.nn.functional as F

from kittiseg.training.config import LossWeights
from kittiseg.training.losses import LOSSES, Totals, bce_dice, cross_entropy, loss_for

BOTH = LossWeights()
ONLY_DICE = LossWeights(bce=0, dice=1)
ONLY_BCE = LossWeights(bce=1, dice=0)


def batch(classes: int = 2, *, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, Totals]:
    """Five random pictures of 4 x 6 px with some neutral pixels."""
    generator = torch.Generator().manual_seed(seed)
    logits_nchw = torch.randn(5, classes, 4, 6, generator=generator)
    labels_nhw = torch.randint(0, classes, (5, 4, 6), generator=generator).to(torch.uint8)
    labels_nhw[torch.rand(5, 4, 6, generator=generator) < 0.2] = 255
    return logits_nchw, labels_nhw, Totals(samples=5, pixels=int((labels_nhw != 255).sum()))


def sure(labels_nhw: torch.Tensor) -> torch.Tensor:
    """Logits that predict class 1 with certainty where the labels are 1, and class 0 elsewhere."""
    margin_nhw = (labels_nhw == 1).float() * 200 - 100
    return torch.stack([-margin_nhw, margin_nhw], 1)


def test_bce_is_cross_entropy_over_the_pixels_that_count() -> None:
    """Against torch's own cross-entropy of two classes, which ignores the neutral pixels."""
    logits_nchw, labels_nhw, totals = batch()

    expected = F.cross_entropy(logits_nchw, labels_nhw.long(), ignore_index=255)

    torch.testing.assert_close(bce_dice(logits_nchw, labels_nhw, totals, ONLY_BCE), expected)


def test_dice_is_its_formula_over_the_pixels_that_count() -> None:
    """(2 sum(pt) + 1) / (sum p + sum t + 1) of each picture, written out pixel by pixel."""
    logits_nchw, labels_nhw, totals = batch()
    scores = []
    for logits_chw, labels_hw in zip(logits_nchw, labels_nhw, strict=True):
        p = logits_chw.softmax(0)[1][labels_hw != 255]
        t = labels_hw[labels_hw != 255].float()
        scores.append((2 * (p * t).sum() + 1) / (p.sum() + t.sum() + 1))

    torch.testing.assert_close(bce_dice(logits_nchw, labels_nhw, totals, ONLY_DICE), 1 - torch.stack(scores).mean())


def test_the_weights_share_out_the_loss() -> None:
    """(3 BCE + 1 (1 - Dice)) / 4."""
    logits_nchw, labels_nhw, totals = batch()
    bce, dice = (bce_dice(logits_nchw, labels_nhw, totals, weights) for weights in (ONLY_BCE, ONLY_DICE))

    mixed = bce_dice(logits_nchw, labels_nhw, totals, LossWeights(bce=3, dice=1))

    torch.testing.assert_close(mixed, (3 * bce + dice) / 4)


@pytest.mark.parametrize("label", [0, 1, 255])
def test_a_perfect_prediction_costs_nothing(label: int) -> None:
    """Also on a picture without any object, where the score of 2018 was 2, and on one that is all neutral."""
    labels_nhw = torch.full((2, 4, 4), label, dtype=torch.uint8)
    totals = Totals(samples=2, pixels=32 if label != 255 else 0)

    assert bce_dice(sure(labels_nhw), labels_nhw, totals, BOTH) == pytest.approx(0, abs=1e-6)


def test_an_empty_picture_cannot_make_up_for_a_bad_one() -> None:
    """Right on an empty picture and wrong on a full one of 15 px: Dice scores 1 and 1/16, and their mean counts."""
    labels_nhw = torch.zeros(2, 3, 5, dtype=torch.uint8)
    labels_nhw[1] = 1
    nothing = sure(torch.zeros_like(labels_nhw))

    loss = bce_dice(nothing, labels_nhw, Totals(samples=2, pixels=30), ONLY_DICE)

    assert loss.item() == pytest.approx(1 - (1 + 1 / 16) / 2)


@pytest.mark.parametrize("name", LOSSES)
def test_neutral_pixels_get_no_gradient(name: str) -> None:
    """And the others do; what is predicted on neutral pixels does not change the loss."""
    logits_nchw, labels_nhw, totals = batch()
    logits_nchw.requires_grad_()
    neutral_nchw = (labels_nhw == 255)[:, None].expand_as(logits_nchw)

    loss = LOSSES[name](logits_nchw, labels_nhw, totals, BOTH)
    loss.backward()

    assert not logits_nchw.grad[neutral_nchw].any()
    assert logits_nchw.grad[~neutral_nchw].all()
    moved = torch.where(neutral_nchw, logits_nchw + 7, logits_nchw)
    torch.testing.assert_close(LOSSES[name](moved, labels_nhw, totals, BOTH), loss)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("cuts", [[1], [2, 3], [1, 2, 3, 4]])
def test_contributions_add_up_to_the_loss_of_the_batch(name: str, cuts: list[int]) -> None:
    """Loss and gradient are the same however the batch is split, though the neutral pixels are unevenly spread."""
    logits_nchw, labels_nhw, totals = batch()
    whole, parts = logits_nchw.clone().requires_grad_(), logits_nchw.clone().requires_grad_()

    loss = LOSSES[name](whole, labels_nhw, totals, BOTH)
    loss.backward()
    contributions = [
        LOSSES[name](logits, labels, totals, BOTH)
        for logits, labels in zip(parts.tensor_split(cuts), labels_nhw.tensor_split(cuts), strict=True)
    ]
    sum(contributions).backward()

    torch.testing.assert_close(sum(contributions), loss)
    torch.testing.assert_close(parts.grad, whole.grad)


@pytest.mark.parametrize("name", LOSSES)
def test_bf16_logits_are_reckoned_in_float32(name: str) -> None:
    """The loss is a float32, the same as of the same logits as float32."""
    logits_nchw, labels_nhw, totals = batch()
    half = logits_nchw.bfloat16()

    loss = LOSSES[name](half, labels_nhw, totals, BOTH)

    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, LOSSES[name](half.float(), labels_nhw, totals, BOTH), rtol=0, atol=0)


def test_the_gradient_of_dice_is_that_of_its_formula() -> None:
    """By finite differences in float32, coarse but independent of autograd."""
    logits_nchw, labels_nhw, totals = batch(seed=3)
    logits_nchw.requires_grad_()
    bce_dice(logits_nchw, labels_nhw, totals, BOTH).backward()
    step = torch.zeros_like(logits_nchw)
    step[0, 1, 2, 3] = 0.05
    assert labels_nhw[0, 2, 3] != 255

    up, down = (bce_dice(logits_nchw + sign * step, labels_nhw, totals, BOTH) for sign in (1, -1))

    assert logits_nchw.grad[0, 1, 2, 3].item() == pytest.approx(((up - down) / 0.1).item(), rel=0.02)


def test_more_classes_are_trained_with_cross_entropy() -> None:
    """An even guess of four classes costs log 4; the weights of BCE and Dice do not apply."""
    labels_nhw = torch.tensor([[[0, 1], [3, 255]]], dtype=torch.uint8)

    loss = cross_entropy(torch.zeros(1, 4, 2, 2), labels_nhw, Totals(samples=1, pixels=3), ONLY_DICE)

    assert loss.item() == pytest.approx(math.log(4))
    assert loss_for(2) is bce_dice
    assert loss_for(3) is cross_entropy
