from pathlib import Path

import torch
from torch import nn

from kittiseg.inference.network import fold_batch_norms
from kittiseg.training.sync_batchnorm import SyncedBatchNorm2d, not_synchronised
from tests.data.process_group import group_of_one

# That two workers have the statistics of both is in test_loop.py: their losses are those of one that sees all pictures.


def test_alone_it_is_batch_normalisation(tmp_path: Path) -> None:
    """The same values, gradients and running statistics; in evaluation too."""
    torch.manual_seed(0)
    plain, synced = nn.BatchNorm2d(3), SyncedBatchNorm2d(3)
    one, other = (torch.randn(4, 3, 5, 6).requires_grad_() for _ in range(2))
    with torch.no_grad():
        other.copy_(one)
        for norm in (plain, synced):
            norm.weight.copy_(torch.tensor([0.5, 1, 2]))

    with group_of_one(tmp_path):
        theirs, ours = plain(one), synced(other)
        (theirs.sin()).sum().backward()
        (ours.sin()).sum().backward()

    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(other.grad, one.grad)
    torch.testing.assert_close(synced.weight.grad, plain.weight.grad)
    torch.testing.assert_close(synced.state_dict(), plain.state_dict())
    torch.testing.assert_close(synced.eval()(other), plain.eval()(one))


def test_statistics_stay_where_they_are_not_tracked(tmp_path: Path) -> None:
    norm = SyncedBatchNorm2d(3)
    norm.track_running_stats = False

    with group_of_one(tmp_path):
        norm(torch.randn(2, 3, 4, 4))

    assert norm.running_mean is not None
    assert not norm.running_mean.any()
    assert norm.num_batches_tracked == 0


def test_validation_asks_no_other_worker() -> None:
    """Where batches are normalised by their own statistics, each worker's are: here there is no group at all."""
    plain, synced = nn.BatchNorm2d(3), SyncedBatchNorm2d(3)
    x_nchw = torch.randn(4, 3, 5, 6)

    with torch.inference_mode():
        torch.testing.assert_close(synced(x_nchw), plain(x_nchw))


def test_no_picture_takes_part_without_a_trace(tmp_path: Path) -> None:
    """A worker that has none in a small last batch: here nobody has one."""
    norm = SyncedBatchNorm2d(3)

    with group_of_one(tmp_path):
        found = norm(torch.empty(0, 3, 4, 4))

    assert found.shape == (0, 3, 4, 4)


def test_a_copy_that_is_not_synchronised_predicts_as_a_checkpoint_does() -> None:
    """Its normalisations are folded into the convolutions before them, so that the last bit is the same too."""
    plain = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).eval()
    synced = nn.Sequential(plain[0], SyncedBatchNorm2d(4)).eval()
    x_nchw = torch.randn(2, 3, 8, 8)

    found = fold_batch_norms(not_synchronised(synced))

    assert not any(isinstance(module, nn.BatchNorm2d) for module in found.modules())
    assert torch.equal(found(x_nchw), fold_batch_norms(plain)(x_nchw))
    assert isinstance(synced[1], SyncedBatchNorm2d)
