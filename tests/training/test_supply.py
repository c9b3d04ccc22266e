import threading
import weakref
from pathlib import Path
from typing import Any

import pytest
import torch

from kittiseg.project.store import Workspace
from kittiseg.training.checkpoints import TrainState
from kittiseg.training.feed import Feed
from kittiseg.training.group import Group
from kittiseg.training.prepare import TrainJob
from kittiseg.training.supply import Supply
from tests.data.query_sources import cropped, source_in, write_query
from tests.data.training import tiny_job, write_squares


def supply_of(job: TrainJob, *, rank: int = 0, world_size: int = 1) -> Supply:
    return Supply(job, Group(rank, world_size), torch.device("cpu"), TrainState())


def query_job(workspace: Workspace, folder: Path, **fields: Any) -> TrainJob:
    write_squares(workspace)
    return tiny_job(workspace, source=source_in(workspace, write_query(folder, cropped())), **fields)


def own_threads() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith(("feed", "next epoch"))]


@pytest.mark.parametrize("sync_batchnorm", [False, True])
def test_workers_share_out_the_parts_of_a_batch(workspace: Workspace, sync_batchnorm: bool) -> None:
    """Of 5 pictures, 2 each and then 1 on three devices: the last batch has 2 parts of one and an empty one."""
    fields = {"gpu_devices": [0, 1, 2], "batch_size": {"train": 1}, "sync_batchnorm": sync_batchnorm}
    job = tiny_job(workspace, project=write_squares(workspace, train=5), **fields)
    batches = []
    for rank in range(2):
        with supply_of(job, rank=rank, world_size=2) as supply:
            batches.append([supply.batch(step) for step in range(2)])

    sizes = [[[len(part) for _, part in batch.parts] for batch in each] for each in batches]
    assert sizes == ([[[2], [1]], [[1], [1]]] if sync_batchnorm else [[[1, 1], [1]], [[1], [1]]])
    assert batches[0][1].names == batches[1][1].names
    assert [batch.of for batch in batches[0]] == ([2, 2] if sync_batchnorm else [3, 2])


def test_leaving_ends_what_is_made_ahead(workspace: Workspace, tmp_path: Path) -> None:
    """In the middle of an epoch, as early_stopping does."""
    with supply_of(query_job(workspace, tmp_path, samples_in="memory", epochs=9)) as supply:
        supply.batch(0)
        assert any(name.startswith("feed") for name in own_threads())

    assert own_threads() == []


def test_the_device_has_room_for_one_epoch(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The samples of the last one are gone before the next ones come; beside them lie those of the validation."""
    feeds: list[weakref.ref[Feed]] = []

    class Counted(Feed):
        def __init__(self, *arguments: Any) -> None:
            assert sum(feed() is not None for feed in feeds) <= 1
            feeds.append(weakref.ref(self))
            super().__init__(*arguments)

    monkeypatch.setattr("kittiseg.training.supply.Feed", Counted)
    with supply_of(query_job(workspace, tmp_path, samples_in="device", epochs=3)) as supply:
        for step in range(supply.plan.steps):
            supply.batch(step)

    assert len(feeds) == 1 + 3
