"""Kills leave what real commands had begun; :mod:`tests.pipeline.test_training_kills` kills them for real."""

from pathlib import Path

import pytest

from kittiseg.engine import Resources
from kittiseg.errors import WorkspaceError
from kittiseg.progress import Silent
from kittiseg.project.store import Workspace
from kittiseg.training.alone import alone_at, aside, train_alone
from kittiseg.training.checkpoints import list_checkpoints
from kittiseg.training.devices import plan_devices
from kittiseg.training.prepare import TrainJob, TrainRequest, prepare
from kittiseg.training.sources import ProjectSource
from tests.data.runs import leftovers
from tests.data.s3 import keys
from tests.data.train_worker import Context
from tests.data.training import tiny_config, tiny_job, with_samples


@pytest.fixture
def old(workspace: Workspace) -> TrainJob:
    """A model of one epoch."""
    job = tiny_job(workspace, "m", epochs=1, val_every=1)
    train_alone(Context(rank=0, world_size=1), job)
    return job


def replaced(workspace: Workspace) -> TrainJob:
    """What ``train --overwrite`` has made of the model when it comes to the first step."""
    config = tiny_config(epochs=1, val_every=1, seed=7)
    plan = plan_devices(config, Resources(cpus=1, gpus=0))
    source = ProjectSource(workspace.project("squares"))
    return prepare(workspace, TrainRequest(source=source, name="m", config=config, overwrite=True), plan, Silent())


def checkpoints_of(workspace: Workspace) -> list[int]:
    return [checkpoint.number for checkpoint in list_checkpoints(workspace.model_files("m")).whole]


def test_a_replaced_model_comes_back_where_the_new_one_has_no_checkpoint(workspace: Workspace, old: TrainJob) -> None:
    """The next command finds it, whatever that is, unless it resumes."""
    replaced(workspace)
    assert checkpoints_of(workspace) == []

    with alone_at(workspace, "m"):
        assert checkpoints_of(workspace) == [1]
        assert leftovers(workspace) == []


def test_a_replacement_that_is_resumed_keeps_the_old_model_until_it_has_a_checkpoint(
    workspace: Workspace, old: TrainJob
) -> None:
    """Killed once more before that, nothing is lost either."""
    new = replaced(workspace)

    with alone_at(workspace, "m", resume=True):
        assert checkpoints_of(workspace) == []
    assert workspace.files.exists(aside("m"))
    with alone_at(workspace, "m", resume=True):
        train_alone(Context(rank=0, world_size=1), with_samples(new))

    assert workspace.model_files("m").read_json("config.json")["settings"]["seed"] == 7
    assert leftovers(workspace) == []


def test_a_replacement_killed_between_its_renames_leaves_the_old_model(workspace: Workspace, old: TrainJob) -> None:
    """Also for --resume: there is no new one yet."""
    workspace.files.move("models/m", aside("m"))

    with alone_at(workspace, "m", resume=True):
        assert checkpoints_of(workspace) == [1]


def test_in_object_storage_a_model_survives_a_kill_in_the_middle_of_its_copy(s3_workspace: Workspace) -> None:
    """Half copied, the model is where it was; half removed, it is where it was copied to."""
    files = s3_workspace.files
    parts = {"config.json": b"{}", "checkpoints/00000001/manifest.json": b"{}", "checkpoints/00000001/state.json": b"1"}

    def write(folder: str, *names: str) -> None:
        for name in names:
            files.write(f"{folder}/{name}", parts[name])

    def there() -> dict[str, bytes]:
        names = [name for name in keys(files) if name.startswith("models/")]  # not claims
        return {name.removeprefix("models/"): files.read(name) for name in names}

    for model, copy in ((list(parts), list(parts)[1:]), (list(parts)[1:], list(parts))):
        write("models/m", *model)
        write(aside("m"), *copy)
        with alone_at(s3_workspace, "m"):
            assert there() == {f"m/{name}": data for name, data in parts.items()}


def test_what_kills_left_is_tidied_up(workspace: Workspace, old: TrainJob) -> None:
    """An error that a worker of the last start left would end this one; a neighbour's things stay."""
    litter = [".m.engine/error.pickle", ".m.0a1b2c3d.partial/config.json", "m/checkpoints/.writing/state.json"]
    for place in [*litter, "m/.history.jsonl.0a1b2c3d.partial", ".m.2.engine/error.pickle"]:
        path = Path(workspace.files.path(f"models/{place}"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    with alone_at(workspace, "m", resume=True):
        assert leftovers(workspace) == ["models/.m.2.engine"]
        assert old.model.hidden() == old.model.hidden("checkpoints") == []


@pytest.mark.parametrize("place", ["workspace", "s3_workspace"])
def test_one_command_at_a_model_at_a_time(request: pytest.FixtureRequest, place: str) -> None:
    """Another model may be trained beside it."""
    workspace: Workspace = request.getfixturevalue(place)
    refused = pytest.raises(WorkspaceError, match="model 'm' is being written by another process; wait, or stop it")
    with alone_at(workspace, "m"), alone_at(workspace, "other"), refused, alone_at(workspace, "m"):
        pass
