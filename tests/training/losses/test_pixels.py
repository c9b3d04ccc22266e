import math

import pytest
import torch
import torch.nn.functional as F
from monai.losses import FocalLoss

from kittiseg.training.losses.pixels import BceDice, CrossEntropy, Focal
from tests.data.label_maps import batch, of, sure

ONLY_DICE = BceDice(bce=0, dice=1)
ONLY_BCE = BceDice(bce=1, dice=0)


def test_bce_is_cross_entropy_over_the_pixels_that_count() -> None:
    """Against torch's own cross-entropy of two classes, which ignores the neutral pixels."""
    logits_nchw, labels_nhw, _ = batch()

    expected = F.cross_entropy(logits_nchw, labels_nhw.long(), ignore_index=255)

    torch.testing.assert_close(of(ONLY_BCE, logits_nchw, labels_nhw), expected)


def test_dice_is_its_formula_over_the_pixels_that_count() -> None:
    """(2 sum(pt) + 1) / (sum p + sum t + 1) of each picture, written out pixel by pixel."""
    logits_nchw, labels_nhw, _ = batch()
    scores = []
    for logits_chw, labels_hw in zip(logits_nchw, labels_nhw, strict=True):
        p = logits_chw.softmax(0)[1][labels_hw != 255]
        t = labels_hw[labels_hw != 255].float()
        scores.append((2 * (p * t).sum() + 1) / (p.sum() + t.sum() + 1))

    torch.testing.assert_close(of(ONLY_DICE, logits_nchw, labels_nhw), 1 - torch.stack(scores).mean())


def test_the_weights_share_out_the_loss() -> None:
    """(3 BCE + 1 (1 - Dice)) / 4."""
    logits_nchw, labels_nhw, _ = batch()
    bce, dice = (of(loss, logits_nchw, labels_nhw) for loss in (ONLY_BCE, ONLY_DICE))

    torch.testing.assert_close(of(BceDice(bce=3, dice=1), logits_nchw, labels_nhw), (3 * bce + dice) / 4)


def test_an_empty_picture_cannot_make_up_for_a_bad_one() -> None:
    """Right on an empty picture and wrong on a full one of 15 px: Dice scores 1 and 1/16, and their mean counts."""
    labels_nhw = torch.zeros(2, 3, 5, dtype=torch.uint8)
    labels_nhw[1] = 1
    nothing = sure(torch.zeros_like(labels_nhw))

    assert of(ONLY_DICE, nothing, labels_nhw).item() == pytest.approx(1 - (1 + 1 / 16) / 2)


def test_an_even_guess_of_four_classes_costs_log_4() -> None:
    """The neutral pixel does not count."""
    labels_nhw = torch.tensor([[[0, 1], [3, 255]]], dtype=torch.uint8)

    assert of(CrossEntropy(), torch.zeros(1, 4, 2, 2), labels_nhw).item() == pytest.approx(math.log(4))


@pytest.mark.parametrize("loss", [CrossEntropy(), Focal(gamma=0), ONLY_BCE])
def test_a_class_weight_multiplies_the_terms_of_its_pixels(loss: CrossEntropy | Focal | BceDice) -> None:
    """Divided by the number of pixels, not by their weights, as torch's mean would be."""
    logits_nchw, labels_nhw, totals = batch(2)
    weights_c = torch.tensor([0.5, 3.0])

    nll = F.cross_entropy(logits_nchw, labels_nhw.long(), weight=weights_c, ignore_index=255, reduction="sum")

    torch.testing.assert_close(of(loss, logits_nchw, labels_nhw, weights_c), nll / totals.pixels)


@pytest.mark.parametrize("gamma", [0.5, 2.0, 5.0])
def test_focal_is_monais(gamma: float) -> None:
    """Of four classes without neutral pixels, the mean over pixels of the sum over channels."""
    logits_nchw, labels_nhw, _ = batch(4)
    labels_nhw = labels_nhw % 4
    theirs = FocalLoss(to_onehot_y=True, use_softmax=True, gamma=gamma, reduction="none")

    expected = theirs(logits_nchw, labels_nhw[:, None].long()).sum(1).mean()

    torch.testing.assert_close(of(Focal(gamma=gamma), logits_nchw, labels_nhw), expected)


def test_focal_hardly_counts_what_is_right_already() -> None:
    """A pixel of p = 0.9 costs (1 - p)^2 = 0.01 of its cross-entropy."""
    labels_nhw = torch.zeros(1, 1, 1, dtype=torch.uint8)
    logits_nchw = torch.tensor([0.9, 0.1]).log().view(1, 2, 1, 1)

    assert of(Focal(), logits_nchw, labels_nhw).item() == pytest.approx(-0.01 * math.log(0.9), rel=1e-5)
