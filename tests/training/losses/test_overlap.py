import pytest
import torch
from monai.losses import DiceLoss, TverskyLoss
from torchmetrics.functional.segmentation import dice_score

from kittiseg.training.losses.overlap import Dice, Tversky, areas
from kittiseg.training.losses.pixels import BceDice
from tests.data.label_maps import batch, of, sure


def without_neutral(classes: int) -> tuple[torch.Tensor, torch.Tensor]:
    logits_nchw, labels_nhw, _ = batch(classes)
    return logits_nchw, labels_nhw % classes


def test_dice_of_two_classes_is_that_of_bce_dice() -> None:
    """With the same smoothing, per picture."""
    logits_nchw, labels_nhw, _ = batch()

    torch.testing.assert_close(of(Dice(), logits_nchw, labels_nhw), of(BceDice(bce=0, dice=1), logits_nchw, labels_nhw))


@pytest.mark.parametrize("background", [False, True])
@pytest.mark.parametrize("per", ["sample", "batch"])
def test_dice_is_monais(per: str, background: bool) -> None:
    """Of four classes, over pictures or the batch, with smoothing above and below."""
    logits_nchw, labels_nhw = without_neutral(4)
    theirs = DiceLoss(
        include_background=background,
        to_onehot_y=True,
        softmax=True,
        batch=per == "batch",
        smooth_nr=0.3,
        smooth_dr=0.3,
    )

    found = of(Dice(per=per, background=background, smooth=0.3), logits_nchw, labels_nhw)

    torch.testing.assert_close(found, theirs(logits_nchw, labels_nhw[:, None].long()))


@pytest.mark.parametrize("per", ["sample", "batch"])
def test_tversky_is_monais(per: str) -> None:
    """Of four classes, background among them."""
    logits_nchw, labels_nhw = without_neutral(4)
    theirs = TverskyLoss(
        to_onehot_y=True, softmax=True, alpha=0.2, beta=0.9, batch=per == "batch", smooth_nr=0.5, smooth_dr=0.5
    )

    found = of(Tversky(per=per, background=True, alpha=0.2, beta=0.9, smooth=0.5), logits_nchw, labels_nhw)

    torch.testing.assert_close(found, theirs(logits_nchw, labels_nhw[:, None].long()))


def test_dice_of_hard_predictions_is_torchmetrics() -> None:
    """With next to no smoothing, on pictures that have all classes."""
    labels_nhw = torch.randint(0, 3, (4, 8, 8), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    predicted_nhw = labels_nhw.flip(2)
    theirs = dice_score(
        predicted_nhw.long(), labels_nhw.long(), 3, include_background=False, average="macro", input_format="index"
    )

    found = of(Dice(smooth=1e-6), sure(predicted_nhw, 3), labels_nhw)

    torch.testing.assert_close(found, 1 - theirs.mean())


def test_tversky_with_even_costs_is_dice() -> None:
    """alpha = beta = 1/2 with half the smoothing."""
    logits_nchw, labels_nhw, _ = batch(4)

    found = of(Tversky(alpha=0.5, beta=0.5, smooth=0.5), logits_nchw, labels_nhw)

    torch.testing.assert_close(found, of(Dice(), logits_nchw, labels_nhw))


def test_a_miss_costs_more_than_a_false_alarm() -> None:
    """Half of the object, or half as much again."""
    labels_nhw = torch.tensor([[[1, 1, 1, 1, 0, 0]]], dtype=torch.uint8)
    less, more = (sure(torch.tensor([[[1] * n + [0] * (6 - n)]], dtype=torch.uint8)) for n in (2, 6))

    assert of(Tversky(), less, labels_nhw).item() == pytest.approx(1 - 3 / (3 + 0.7 * 2))
    assert of(Tversky(), more, labels_nhw).item() == pytest.approx(1 - 5 / (5 + 0.3 * 2))


def test_the_batch_has_one_score() -> None:
    """A class that one picture lacks: its false alarm there is reckoned on the other picture's pixels too."""
    labels_nhw = torch.tensor([[[1, 1, 1, 1]], [[0, 0, 0, 0]]], dtype=torch.uint8)
    logits_nchw = sure(torch.tensor([[[1, 1, 1, 1]], [[1, 1, 0, 0]]], dtype=torch.uint8))

    assert of(Dice(per="sample"), logits_nchw, labels_nhw).item() == pytest.approx((0 + 2 / 3) / 2)
    assert of(Dice(per="batch"), logits_nchw, labels_nhw).item() == pytest.approx(1 - 9 / 11)


def test_class_weights_weigh_the_scores() -> None:
    """Class 1 is all right and class 2 all wrong: with weights 3 and 1 a quarter of its loss is left."""
    labels_nhw = torch.tensor([[[1, 1, 2, 0]]], dtype=torch.uint8)
    logits_nchw = sure(torch.tensor([[[1, 1, 0, 0]]], dtype=torch.uint8), 3)

    found = of(Dice(), logits_nchw, labels_nhw, torch.tensor([9.0, 3.0, 1.0]))

    assert found.item() == pytest.approx((1 - 1 / 2) / 4)


def test_areas_leave_neutral_pixels_out() -> None:
    """An even guess of two classes on one object pixel, one background pixel and two neutral ones."""
    labels_nhw = torch.tensor([[[0, 1, 255, 255]]], dtype=torch.uint8)

    found = areas(torch.zeros(1, 2, 1, 4), labels_nhw)

    assert found[:, 0].tolist() == [[0.5, 0.5], [1.0, 1.0], [1.0, 1.0]]
