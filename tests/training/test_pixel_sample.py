from pathlib import Path

import numpy as np
import torch
from torch import nn

from kittiseg.project.store import Workspace
from kittiseg.training.classes import ClassIndex
from kittiseg.training.inputs import Forward
from kittiseg.training.pixel_sample import LogitSampler, PixelSample, lowest
from kittiseg.training.reading import SampleReader
from kittiseg.training.sources import ProjectSource
from tests.data.training import CAR, tiny_config, write_squares

CONFIG = tiny_config(batch_size={"train": 1, "val": 2})


def sampler(workspace: Workspace, *, most: int, seed: int = 0) -> LogitSampler:
    """A 1 x 1 convolution applied to three validation pictures of 32 x 32 px, which lie behind two for training."""
    if "squares" not in workspace.projects():
        write_squares(workspace, train=2, val=3)
    reader = SampleReader(
        ProjectSource(workspace.project("squares")), CONFIG, ClassIndex.of(CAR, CONFIG.special_classes)
    )
    torch.manual_seed(0)
    return LogitSampler(reader, Forward(nn.Conv2d(3, 2, 1), torch.device("cpu"), "fp32"), most=most, seed=seed)


def drawn(workspace: Workspace, *, size: int = 5, **fields: int) -> PixelSample:
    """Of all five, so many at a time."""
    keys = workspace.project("squares").keys()
    parts = [sampler(workspace, **fields)(keys[start : start + size])[0].pixels for start in range(0, 5, size)]
    return lowest(parts, most=fields["most"])


def test_all_pixels_are_taken_where_there_are_few(tmp_path: Path) -> None:
    """Of the validation pictures, with the logits and labels that the network has of them."""
    workspace = Workspace.at(tmp_path)
    made = sampler(workspace, most=10_000)
    keys = workspace.project("squares").keys()

    ((chunk, found),) = made(keys)

    samples = made._reader.read(("val",))["val"]
    with torch.inference_mode():
        logits_nchw, labels_nhw = made._forward(torch.from_numpy(samples.take(np.arange(3))))
    wanted_nc = logits_nchw.permute(0, 2, 3, 1).reshape(-1, 2).numpy()
    assert len(found) == 3 * 32 * 32
    assert [row.name.name for row in chunk.rows["val"]] == [f"{number:03d}.png" for number in (2, 3, 4)]
    rows = [np.column_stack(each) for each in ((found.logits_nc, found.labels_n), (wanted_nc, labels_nhw.reshape(-1)))]
    np.testing.assert_allclose(*(np.array(sorted(map(tuple, row))) for row in rows), atol=1e-5)


def test_neutral_pixels_are_left_out(tmp_path: Path) -> None:
    """Nobody knows what they are of."""
    made = sampler(Workspace.at(tmp_path), most=10)
    labels_hw = torch.tensor([[0, 255], [255, 1]], dtype=torch.uint8)

    found = made._draw("a", torch.arange(8.0).reshape(2, 2, 2), labels_hw, limit=1.0)

    assert found.labels_n.tolist() == [0, 1]
    assert found.logits_nc.tolist() == [[0, 4], [3, 7]]


def test_which_pixels_are_drawn_does_not_hang_on_how_pictures_are_shared_out(tmp_path: Path) -> None:
    """A hundred of 3072, by the seed alone."""
    workspace = Workspace.at(tmp_path)
    sampler(workspace, most=1)

    one, two, other = (drawn(workspace, most=100, size=size, seed=seed) for size, seed in ((5, 0), (2, 0), (5, 1)))

    assert len(one) == 100
    assert np.array_equal(one.ranks_n, two.ranks_n)
    assert np.array_equal(one.labels_n, two.labels_n)
    assert not np.array_equal(one.ranks_n, other.ranks_n)


def test_the_lowest_ranks_of_several_are_kept() -> None:
    """By rank, each with its own logits."""
    parts = [
        PixelSample(np.array([[1.0], [2.0]], np.float32), np.array([1, 2], np.uint8), np.array([0.1, 0.9])),
        PixelSample.none(1),
        PixelSample(np.array([[3.0]], np.float32), np.array([3], np.uint8), np.array([0.05])),
    ]

    found = lowest(parts, most=2)

    assert (found.labels_n.tolist(), found.logits_nc[:, 0].tolist()) == ([3, 1], [3, 1])
