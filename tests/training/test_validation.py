from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from kittiseg.evaluation.confusion import confusion_matrix
from kittiseg.training.classes import ClassIndex
from kittiseg.training.feed import Feed
from kittiseg.training.group import Group
from kittiseg.training.inputs import Forward
from kittiseg.training.losses import BceDice, Totals
from kittiseg.training.samples import Samples
from kittiseg.training.validation import Validator, confusion_of, metrics_of
from tests.data.training import CAR, pixels_of, samples_of, tiny_config

ALONE = Group(rank=0, world_size=1)
CPU = torch.device("cpu")
CLASSES = ClassIndex.of(CAR, tiny_config().special_classes)


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
    return samples_of(np.concatenate([images_nhwc, labels_nhw[..., None]], -1))


FEED = Feed(pictures(), "memory", CPU)


def validate(network: nn.Module, *, batch: int = 2, **fields: Any) -> dict[str, Any]:
    config = tiny_config(batch_size={"train": 1, "val": batch}, **fields)
    classes = ClassIndex.of(CAR, config.special_classes)
    return Validator(FEED, config, classes, ALONE)(Forward(network, CPU, "fp32")).metrics


def test_the_loss_is_that_of_all_pictures_as_one_batch() -> None:
    """Whatever the size of the batches, of which the last is smaller."""
    network = RedIsCar().eval()
    logits_nchw, labels_nhw = Forward(network, CPU, "fp32")(torch.from_numpy(pixels_of(pictures())))
    totals = Totals(samples=5, pixels=5 * (64 - 3))

    expected = BceDice().sums(logits_nchw, labels_nhw, totals, None).item()

    assert [validate(network, batch=size)["loss"] for size in (1, 2, 5)] == pytest.approx([expected] * 3, rel=1e-6)


def test_metrics_count_the_pixels_that_are_not_neutral() -> None:
    """Against counting by hand."""
    samples_nhw4 = pixels_of(pictures())
    found = validate(RedIsCar())

    predicted = samples_nhw4[..., 0] > 0.485 * 255
    counts = samples_nhw4[..., 3] != 255
    car = samples_nhw4[..., 3] == 1
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
    seen: list[int] = []

    class Watching(Feed):
        def batches(self, wanted: Iterable[np.ndarray]) -> Iterator[torch.Tensor]:
            wanted = list(wanted)
            seen.extend(np.concatenate(wanted).tolist())
            return super().batches(wanted)

    whole = Validator(Watching(pictures(), "memory", CPU), config, classes, ALONE)

    class Deaf(Group):
        def sum(self, tensor: torch.Tensor) -> torch.Tensor:
            return tensor

    for rank in range(2):
        replace(whole, group=Deaf(rank=rank, world_size=2))(Forward(RedIsCar(), CPU, "fp32"))

    assert seen == [0, 1, 4, 2, 3]


def test_each_picture_has_its_iou() -> None:
    """Against counting by hand, whoever saw the picture; a class that is nowhere on it has none."""
    samples_nhw4 = pixels_of(pictures())
    samples_nhw4[3, ..., 3] = 255
    validator = Validator(Feed(samples_of(samples_nhw4), "memory", CPU), tiny_config(), CLASSES, ALONE)

    found = validator(Forward(RedIsCar(), CPU, "fp32")).pictures

    assert [entry["name"] for entry in found] == list("abcde")
    predicted, car = samples_nhw4[2, ..., 0] > 0.485 * 255, samples_nhw4[2, ..., 3] == 1
    counts = samples_nhw4[2, ..., 3] != 255
    assert found[2]["iou"]["car"] == pytest.approx((predicted & car).sum() / ((predicted | car) & counts).sum())
    assert found[3]["iou"] == {"bg": None, "car": None}


def test_confusion_on_the_device_is_that_of_the_host() -> None:
    """Of many classes, with neutral pixels."""
    generator = torch.Generator().manual_seed(0)
    labels_nhw = torch.randint(0, 34, (3, 16, 20), generator=generator).to(torch.uint8)
    labels_nhw[torch.rand(3, 16, 20, generator=generator) < 0.3] = 255
    predicted_nhw = torch.randint(0, 34, (3, 16, 20), generator=generator)

    found_ncc = confusion_of(labels_nhw, predicted_nhw, classes=34)

    for found_cc, labels_hw, predicted_hw in zip(found_ncc, labels_nhw, predicted_nhw, strict=True):
        wanted_cc = confusion_matrix(labels_hw.numpy(), predicted_hw.numpy(), classes=34, ignore=255)
        assert np.array_equal(found_cc.numpy(), wanted_cc)


def test_a_class_that_is_nowhere_has_no_metric() -> None:
    """None, which the mean leaves out."""
    found = metrics_of(np.array([[5, 0, 0], [1, 3, 0], [0, 0, 0]]), ["bg", "car", "van"])

    assert found["iou"] == {"bg": 5 / 6, "car": 3 / 4, "van": None}
    assert found["dice"]["van"] is None
    assert found["mean_iou"] == pytest.approx((5 / 6 + 3 / 4) / 2)
    assert metrics_of(np.zeros((2, 2), np.int64), ["bg", "car"])["mean_iou"] is None
