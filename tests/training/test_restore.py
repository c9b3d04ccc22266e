from pathlib import Path

import pytest
import torch

from kittiseg.engine import Resources
from kittiseg.errors import ModelError, WorkspaceError
from kittiseg.project.store import Workspace
from kittiseg.training.checkpoints import list_checkpoints, read_weights, resolve
from kittiseg.training.devices import plan_devices
from kittiseg.training.history import read_history
from kittiseg.training.loop import train_loop
from kittiseg.training.prepare import QUERY, TrainRequest, resume
from kittiseg.training.restore import restore
from kittiseg.training.run_record import read_run
from tests.data.query_sources import mirrored, source_in, write_query
from tests.data.train_worker import Context
from tests.data.training import tiny_config, tiny_job


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """With a model ``m`` of four checkpoints."""
    workspace = Workspace.at(tmp_path)
    train_loop(Context(rank=0, world_size=1), tiny_job(workspace, "m", epochs=2))
    return workspace


def test_a_checkpoint_becomes_a_model_of_its_own(workspace: Workspace) -> None:
    """It keeps its number, its weights and the history up to it, and says where it is from."""
    model, found = restore(workspace, "m", "2", "m (ckpt 2)")

    assert found.number == 2
    assert workspace.models() == ["m", "m (ckpt 2)"]
    listing = list_checkpoints(model)
    assert [checkpoint.number for checkpoint in listing.whole] == [2]
    assert listing.best.loss == found.loss
    one, other = read_weights(found), read_weights(listing.last)
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert read_history(model) == read_history(workspace.model_files("m"))[:5]
    assert read_run(model)["restored_from"] == {"model": "m", "checkpoint": 2, "epoch": 1.0}


def test_a_model_of_a_query_keeps_it(workspace: Workspace, tmp_path: Path) -> None:
    """So that it can be gone on with, and its pictures be found again."""
    source = source_in(workspace, write_query(tmp_path, mirrored()))
    train_loop(Context(rank=0, world_size=1), tiny_job(workspace, "q", source=source, epochs=1, val_every=1))

    model, _ = restore(workspace, "q", "last", "copy")

    config = tiny_config(epochs=2, val_every=1)
    job = resume(
        workspace,
        TrainRequest(source=source, name="copy", config=config),
        plan_devices(config, Resources(cpus=1, gpus=0)),
    )
    assert job.model == model
    assert model.read_json(QUERY) == source.query


def test_nothing_is_restored_over_a_model_unasked(workspace: Workspace) -> None:
    """``overwrite`` replaces it whole."""
    restore(workspace, "m", "1", "copy")

    with pytest.raises(WorkspaceError, match="model 'copy' exists"):
        restore(workspace, "m", "2", "copy")
    model, _ = restore(workspace, "m", "best", "copy", overwrite=True)

    assert resolve(model, "last").number == list_checkpoints(workspace.model_files("m")).best.number


def test_a_damaged_checkpoint_is_not_restored(workspace: Workspace) -> None:
    """And no half of a model appears."""
    place = "models/m/checkpoints/00000002/model.safetensors"
    workspace.files.write(place, workspace.files.read(place)[:-1] + b"\xff")

    with pytest.raises(ModelError, match="is damaged"):
        restore(workspace, "m", "2", "copy")
    assert workspace.models() == ["m"]


def test_a_checkpoint_goes_into_another_workspace(workspace: Workspace, tmp_path: Path) -> None:
    """As the best trial of a sweep does; it says where it is from."""
    outer = Workspace.at(tmp_path / "outer")
    outer.files.make_folder("sweeps/s")
    workspace.files.move("models", "outer/sweeps/s/models")

    model, _ = restore(Workspace(outer.files.within("sweeps/s")), "m", "2", "best", into=outer)

    assert outer.models() == ["best"]
    assert read_run(model)["restored_from"]["model"] == "sweeps/s/models/m"
