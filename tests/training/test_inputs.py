import numpy as np
import pytest
import torch

from kittiseg.training.inputs import Forward, normalise
from kittiseg.training.networks.unetv2 import UNetV2
from tests.data.projects import picture

CPU = torch.device("cpu")


def samples(count: int = 3) -> torch.Tensor:
    """Labelled by their numbers."""
    images_nhwc = np.stack([np.tile(picture(seed=seed), (8, 8, 1))[:32, :32] for seed in range(count)])
    labels_nhw1 = np.arange(count, dtype=np.uint8)[:, None, None, None].repeat(32, 1).repeat(32, 2)
    return torch.from_numpy(np.concatenate([images_nhwc, labels_nhw1], -1))


def test_pictures_are_normalised_by_imagenet() -> None:
    """(x / 255 - mean) / std of each channel, red first."""
    rgb_nhwc = torch.tensor([[[[0, 128, 255]]]], dtype=torch.uint8)

    found = normalise(rgb_nhwc)

    expected = [(0 - 0.485) / 0.229, (128 / 255 - 0.456) / 0.224, (1 - 0.406) / 0.225]
    assert found.shape == (1, 3, 1, 1)
    torch.testing.assert_close(found.flatten(), torch.tensor(expected))


def test_normalised_pictures_lie_channels_last() -> None:
    """So the network's convolutions need not turn them around."""
    assert normalise(torch.zeros(2, 4, 6, 3, dtype=torch.uint8)).is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_logits_come_in_the_precision_asked_for(precision: str, dtype: torch.dtype) -> None:
    """With the labels of the same samples."""
    forward = Forward(UNetV2(2, 0.06).eval(), CPU, precision)  # type: ignore[arg-type]

    logits_nchw, labels_nhw = forward(samples()[[2, 0]])

    assert logits_nchw.dtype == dtype
    assert logits_nchw.shape == (2, 2, 32, 32)
    assert labels_nhw[:, 0, 0].tolist() == [2, 0]


def test_running_statistics_move_only_when_they_are_tracked() -> None:
    """In training mode, the logits being the same either way."""
    network = UNetV2(2, 0.06).train()
    forward, mean = Forward(network, CPU, "fp32"), network.encoder.features[1].running_mean
    before = mean.clone()

    forward.track_statistics(False)
    untracked, _ = forward(samples(2))
    assert torch.equal(mean, before)

    forward.track_statistics(True)
    tracked, _ = forward(samples(2))
    assert not torch.equal(mean, before)
    assert torch.equal(tracked, untracked)
