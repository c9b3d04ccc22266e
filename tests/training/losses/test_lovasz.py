import pytest
import torch

from kittiseg.training.losses.lovasz import Lovasz, jaccard_growth
from tests.data.label_maps import batch, of, sure


def growth_by_differences(target_p: torch.Tensor) -> torch.Tensor:
    """As in the paper: 1 - IoU when the first 1, 2, ... pixels are wrong, each minus the one before."""
    left = target_p.sum() - target_p.cumsum(0)
    union = target_p.sum() + (1 - target_p).cumsum(0)
    loss_p = 1 - left / union
    return torch.cat([loss_p[:1], loss_p[1:] - loss_p[:-1]])


def test_it_is_the_papers_sum_class_by_class() -> None:
    """Pixel by pixel over what is not neutral, of the classes that a picture has, picture by picture."""
    logits_nchw, labels_nhw, _ = batch(4, seed=2)
    scores = []
    for logits_chw, labels_hw in zip(logits_nchw.double(), labels_nhw, strict=True):
        counts = labels_hw != 255
        labels_p = labels_hw[counts]
        of_classes = []
        for place, prob_hw in enumerate(logits_chw.softmax(0)):
            target_p = (labels_p == place).double()
            if target_p.any():
                errors_p, order = (target_p - prob_hw[counts]).abs().sort(descending=True)
                of_classes.append((errors_p * growth_by_differences(target_p[order])).sum())
        scores.append(torch.stack(of_classes).mean())

    torch.testing.assert_close(of(Lovasz(), logits_nchw, labels_nhw), torch.stack(scores).mean().float())


def test_of_a_sure_prediction_it_is_one_minus_iou() -> None:
    """Background 2 of 4 px in the union, the car 1 of 3."""
    labels_nhw = torch.tensor([[[0, 0, 0, 1, 1]]], dtype=torch.uint8)
    predicted_nhw = torch.tensor([[[0, 0, 1, 1, 0]]], dtype=torch.uint8)

    assert of(Lovasz(), sure(predicted_nhw), labels_nhw).item() == pytest.approx(1 - (2 / 4 + 1 / 3) / 2)


def test_a_false_alarm_on_an_empty_picture_costs() -> None:
    """By the IoU of the background, the only class that is there: 3 of 4 px."""
    labels_nhw = torch.zeros(1, 1, 4, dtype=torch.uint8)

    found = of(Lovasz(), sure(torch.tensor([[[0, 0, 0, 1]]], dtype=torch.uint8)), labels_nhw)

    assert found.item() == pytest.approx(1 - 3 / 4)


def test_class_weights_weigh_the_classes_that_are_there() -> None:
    """With a weight of 3 for the car."""
    labels_nhw = torch.tensor([[[0, 0, 0, 1, 1]]], dtype=torch.uint8)
    predicted_nhw = torch.tensor([[[0, 0, 1, 1, 0]]], dtype=torch.uint8)

    found = of(Lovasz(), sure(predicted_nhw, 3), labels_nhw, torch.tensor([1.0, 3.0, 7.0]))

    assert found.item() == pytest.approx(1 - (1 * 2 / 4 + 3 * 1 / 3) / 4)


def test_growth_in_closed_form_is_that_of_differences() -> None:
    """Of random targets with at least one pixel."""
    target_p = (torch.rand(50, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) < 0.3).double()

    torch.testing.assert_close(jaccard_growth(target_p), growth_by_differences(target_p))
