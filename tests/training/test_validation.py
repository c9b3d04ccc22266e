from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from kittiseg.training.classes import ClassIndex
from kittiseg.training.group import Group
from kittiseg.training.inputs import Forward
from kittiseg.training.losses import BceDice, Totals
from kittiseg.training.samples import Samples
from kittiseg.training.validation import Validator, metrics_of
from tests.data.training import CAR, tiny_config

ALONE = Group(rank=0, world_size=1)


class RedIsCar(nn.Module):
    """Class 1 where a pixel is redder than the mean of ImageNet; its normalisation sees batches in training mode."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(1)

    def forward(self, images_nchw: torch.Tensor) -> torch.Tensor:
        red_nchw = self.norm(images_nchw[:, :1])
        return torch.cat([-red_nchw, red_nchw], 1)


def pictures(count: int = 5) -> Samples:
    """Red noise that is the car, and a few neutral pixels."""
    rng = np.random.default_rng(0)
    images_nhwc = rng.integers(0, 256, (count, 8, 8, 3), np.uint8)
    labels_nhw = (images_nhwc[..., 0] > 150).astype(np.uint8)
    labels_nhw[:, 0, :3] = 255
    return Samples(images_nhwc, labels_nhw, tuple(f"{index}.png" for index in range(count)))


def validate(network: nn.Module, *, batch: int = 2, **fields: Any) -> dict[str, Any]:
    config = tiny_config(batch_size={"train": 1, "val": batch}, **fields)
    classes = ClassIndex.of(CAR, config.special_classes)
    return Validator(pictures(), config, classes, ALONE)(Forward(network, torch.device("cpu"), "fp32"))


def test_the_loss_is_that_of_all_pictures_as_one_batch() -> None:
    """Whatever the size of the batches, of which the last is smaller."""
    samples, network = pictures(), RedIsCar().eval()
    logits_nchw, labels_nhw = Forward(network, torch.device("cpu"), "fp32")(samples, np.arange(5))
    totals = Totals(samples=5, pixels=5 * (64 - 3))

    expected = BceDice().sums(logits_nchw, labels_nhw, totals, None).item()

    assert [validate(network, batch=size)["loss"] for size in (1, 2, 5)] == pytest.approx([expected] * 3, rel=1e-6)


def test_metrics_count_the_pixels_that_are_not_neutral() -> None:
    """Against counting by hand."""
    samples = pictures()
    found = validate(RedIsCar())

    predicted = samples.images_nhwc[..., 0] > 0.485 * 255
    counts = samples.labels_nhw != 255
    car = samples.labels_nhw == 1
    assert found["accuracy"] == pytest.approx((predicted == car)[counts].mean())
    assert found["iou"]["car"] == pytest.approx((predicted & car).sum() / ((predicted | car) & counts).sum())
    assert found["mean_iou"] == pytest.approx((found["iou"]["bg"] + found["iou"]["car"]) / 2)


def test_validation_leaves_no_trace() -> None:
    """With batch statistics too: the running ones stay, and the network is back in training mode."""
    network = RedIsCar()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    with_running = validate(network)
    with_batches = validate(network, validate_with_model_eval=False)

    assert with_running["loss"] != with_batches["loss"]
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert network.training
    assert network.norm.track_running_stats


def test_workers_share_out_the_pictures() -> None:
    """The confusion counts of two workers' shares are those of one that sees all."""
    config = tiny_config(batch_size={"train": 1, "val": 2})
    classes = ClassIndex.of(CAR, config.special_classes)
    whole = Validator(pictures(), config, classes, ALONE)
    seen: list[int] = []

    class Watching(Forward):
        def __call__(self, samples: Samples, indices: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
            seen.extend(indices.tolist())
            return super().__call__(samples, indices)

    class Deaf(Group):
        def sum(self, tensor: torch.Tensor) -> torch.Tensor:
            return tensor

    for rank in range(2):
        replace(whole, group=Deaf(rank=rank, world_size=2))(Watching(RedIsCar(), torch.device("cpu"), "fp32"))

    assert seen == [0, 1, 4, 2, 3]


def test_a_class_that_is_nowhere_has_no_metric() -> None:
    """None, which the mean leaves out."""
    found = metrics_of(np.array([[5, 0, 0], [1, 3, 0], [0, 0, 0]]), ["bg", "car", "van"])

    assert found["iou"] == {"bg": 5 / 6, "car": 3 / 4, "van": None}
    assert found["dice"]["van"] is None
    assert found["mean_iou"] == pytest.approx((5 / 6 + 3 / 4) / 2)
    assert metrics_of(np.zeros((2, 2), np.int64), ["bg", "car"])["mean_iou"] is None
