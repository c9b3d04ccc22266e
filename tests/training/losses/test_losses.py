from typing import get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kittiseg.config import parse, to_json
from kittiseg.training.config import TrainConfig
from kittiseg.training.criterion import Criterion
from kittiseg.training.losses import LOSSES, AnyLoss, Loss
from kittiseg.training.losses.boundary import Boundary
from kittiseg.training.losses.overlap import Dice, Tversky
from kittiseg.training.losses.pixels import BceDice, Focal
from tests.data.label_maps import batch, of, sure

VARIANTS = [
    *(made() for made in LOSSES.values()),
    Dice(per="batch"),
    Dice(background=True),
    Tversky(per="batch", background=True),
    Focal(gamma=0.5),
    Boundary(share=1),
]
CASES = [
    pytest.param(loss, classes, id=f"{loss} of {classes}")
    for loss in VARIANTS
    for classes in (2, 4)
    if not (isinstance(loss, BceDice) and classes > 2)
]
CUTS = st.lists(st.integers(0, 5), max_size=4).map(sorted)


def test_table_and_union_name_the_same_losses() -> None:
    """Each under the name that its JSON has."""
    assert set(get_args(AnyLoss)) == set(LOSSES.values())
    for name, made in LOSSES.items():
        assert to_json(made())["name"] == name
        assert parse(TrainConfig, {"loss": {"name": name}}, source="t").loss == made()


@pytest.mark.parametrize(("loss", "classes"), CASES)
def test_neutral_pixels_get_no_gradient(loss: Loss, classes: int) -> None:
    """And others do; what is predicted on neutral pixels does not change the loss."""
    logits_nchw, labels_nhw, _ = batch(classes)
    logits_nchw.requires_grad_()
    neutral_nchw = (labels_nhw == 255)[:, None].expand_as(logits_nchw)

    found = of(loss, logits_nchw, labels_nhw)
    found.backward()

    assert not logits_nchw.grad[neutral_nchw].any()
    assert logits_nchw.grad[~neutral_nchw].any()
    moved = torch.where(neutral_nchw, logits_nchw + torch.arange(classes)[:, None, None], logits_nchw)
    torch.testing.assert_close(of(loss, moved, labels_nhw), found)


@pytest.mark.parametrize(("loss", "classes"), CASES)
@given(cuts=CUTS, seed=st.integers(0, 9), weighted=st.booleans())
@settings(max_examples=15, deadline=None)
def test_contributions_add_up_to_the_loss_of_the_batch(
    loss: Loss, classes: int, cuts: list[int], seed: int, weighted: bool
) -> None:
    """Loss and gradient are the same however the batch is split, also with shards that have no picture."""
    logits_nchw, labels_nhw, totals = batch(classes, seed=seed)
    criterion = Criterion(loss, classes, torch.arange(1.0, classes + 1) if weighted else None)
    whole, parts = logits_nchw.clone().requires_grad_(), logits_nchw.clone().requires_grad_()
    shards = list(zip(parts.tensor_split(cuts), labels_nhw.tensor_split(cuts), strict=True))
    sums = sum(criterion.sums(*shard, totals).detach() for shard in shards) if criterion.needs_sums else None

    expected = criterion.contribution(whole, labels_nhw, totals)
    expected.backward()
    found = sum(criterion.contribution(*shard, totals, sums) for shard in shards)
    found.backward()

    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(parts.grad, whole.grad)


@pytest.mark.parametrize(("loss", "classes"), CASES)
def test_the_gradient_is_that_of_the_formula(loss: Loss, classes: int) -> None:
    """By finite differences of float64, with weights of the classes."""
    logits_nchw, labels_nhw, _ = batch(classes, samples=3, seed=1)
    weights_c = torch.arange(1, classes + 1, dtype=torch.float64)

    assert torch.autograd.gradcheck(
        lambda logits: of(loss, logits, labels_nhw, weights_c), logits_nchw.double().requires_grad_()
    )


@pytest.mark.parametrize(("loss", "classes"), CASES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_extreme_logits_have_finite_gradients(loss: Loss, classes: int, dtype: torch.dtype) -> None:
    """Sure and right, sure and wrong, by 10000 to either side."""
    _, labels_nhw, _ = batch(classes)
    right = sure(labels_nhw, classes, by=2e4)
    for extreme in (right, right.flip(1), torch.full_like(right, 1e4), torch.full_like(right, -1e4)):
        logits_nchw = extreme.to(dtype).requires_grad_()
        found = of(loss, logits_nchw, labels_nhw)
        found.backward()

        assert found.isfinite()
        assert logits_nchw.grad.isfinite().all()


@pytest.mark.parametrize(("loss", "classes"), CASES)
def test_bf16_logits_are_reckoned_in_float32(loss: Loss, classes: int) -> None:
    """The loss is a float32, the same as of the same logits as float32."""
    logits_nchw, labels_nhw, _ = batch(classes)
    half = logits_nchw.bfloat16()

    found = of(loss, half, labels_nhw)

    assert found.dtype == torch.float32
    torch.testing.assert_close(found, of(loss, half.float(), labels_nhw), rtol=0, atol=0)


@pytest.mark.parametrize(("loss", "classes"), CASES)
@pytest.mark.parametrize("label", [0, 1, 255])
def test_a_perfect_prediction_costs_nothing(loss: Loss, classes: int, label: int) -> None:
    """Also on pictures without any object, and on those that are all neutral, whose gradient is 0."""
    labels_nhw = torch.full((2, 4, 4), label, dtype=torch.uint8)
    logits_nchw = sure(labels_nhw, classes).requires_grad_()

    found = of(loss, logits_nchw, labels_nhw)
    found.backward()

    assert found.item() == pytest.approx(0, abs=1e-6)
    assert label != 255 or not logits_nchw.grad.any()


@pytest.mark.parametrize(("loss", "classes"), CASES)
def test_a_prediction_of_the_wrong_class_costs_more_than_the_right_one(loss: Loss, classes: int) -> None:
    """On a picture that has two classes side by side, which the prediction exchanges."""
    labels_nhw = torch.zeros(1, 4, 6, dtype=torch.uint8)
    labels_nhw[..., 3:] = 1
    right = sure(labels_nhw, classes, by=4)

    assert of(loss, right, labels_nhw) < of(loss, right.flip(3), labels_nhw)


@pytest.mark.parametrize(("loss", "classes"), CASES)
def test_equal_weights_are_none(loss: Loss, classes: int) -> None:
    """A weight of 1 for each class changes nothing."""
    logits_nchw, labels_nhw, _ = batch(classes)

    weighted = of(loss, logits_nchw, labels_nhw, torch.ones(classes))

    torch.testing.assert_close(weighted, of(loss, logits_nchw, labels_nhw))
