import json
from dataclasses import replace
from pathlib import Path

import pytest

from kittiseg.engine import Resources
from kittiseg.errors import ConfigError, ModelError, WorkspaceError
from kittiseg.progress import Silent
from kittiseg.project.store import Workspace
from kittiseg.training.checkpoints import list_checkpoints
from kittiseg.training.devices import plan_devices
from kittiseg.training.loop import train_loop
from kittiseg.training.prepare import TrainRequest, prepare, read_model_config, resume
from kittiseg.training.restore import restore
from kittiseg.training.run_record import read_run
from kittiseg.training.sources import ProjectSource
from tests.data.projects import meta_of
from tests.data.query_sources import cropped, source_in, write_query
from tests.data.train_worker import Context
from tests.data.training import tiny_config, tiny_job, with_samples, write_squares

HERE = Context(rank=0, world_size=1)
PLAN = plan_devices(tiny_config(), Resources(cpus=1, gpus=0))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """With a project ``squares``."""
    workspace = Workspace.at(tmp_path)
    write_squares(workspace)
    return workspace


def request(workspace: Workspace, name: str = "m", **fields: object) -> TrainRequest:
    return TrainRequest(source=ProjectSource(workspace.project("squares")), name=name, config=tiny_config(**fields))


def test_a_model_begins_with_config_and_first_weights(workspace: Workspace) -> None:
    """The config.json is that of 2018's models; the workspace lists the model."""
    job = prepare(workspace, request(workspace), PLAN, Silent())

    assert workspace.models() == ["m"]
    assert job.model.files() == ["config.json", "init.safetensors", "run.json"]
    assert read_model_config(job.model) == job.config
    assert set(job.model.read_json("config.json")) == {"settings", "out_classes", "class_title_to_idx"}
    assert read_run(job.model)["init"] == "random, seed 0"
    assert read_run(job.model)["project"] == "squares"


def test_a_model_that_is_there_is_replaced_on_demand_alone(workspace: Workspace) -> None:
    """And only once everything about the new one is known to be right."""
    train_loop(HERE, with_samples(prepare(workspace, request(workspace, epochs=1), PLAN, Silent())))
    bad = replace(request(workspace, weights_init_type="continue_training"), overwrite=True)

    with pytest.raises(WorkspaceError, match="model 'm' exists"):
        prepare(workspace, request(workspace), PLAN, Silent())
    with pytest.raises(ModelError, match="needs the model to continue"):
        prepare(workspace, bad, PLAN, Silent())
    assert len(list_checkpoints(workspace.model_files("m")).whole) == 2

    prepare(workspace, replace(request(workspace), overwrite=True), PLAN, Silent())
    assert list_checkpoints(workspace.model_files("m")).whole == ()
    assert workspace.files.folders("models") == ["m"]


def test_a_model_is_resumed_with_more_epochs(workspace: Workspace) -> None:
    """Its config.json says so then, and the training goes on from its last checkpoint."""
    train_loop(HERE, with_samples(prepare(workspace, request(workspace, epochs=1), PLAN, Silent())))

    changed = {"data_workers": {"train": 2}, "best_by": "mean_iou", "trackers": []}
    job = resume(workspace, request(workspace, epochs=2, **changed), PLAN)
    train_loop(HERE, with_samples(job))

    assert read_model_config(job.model).settings.epochs == 2
    assert list_checkpoints(job.model).best_by == "mean_iou"
    assert [checkpoint.number for checkpoint in list_checkpoints(job.model).whole] == [1, 2, 3, 4]
    assert [session["resumed_from"] for session in read_run(job.model)["sessions"]] == [0, 2]


def test_a_model_is_not_resumed_with_another_config(workspace: Workspace) -> None:
    """Every difference is named with its place, what it is and what it was."""
    prepare(workspace, request(workspace), PLAN, Silent())

    with pytest.raises(ConfigError) as caught:
        resume(workspace, request(workspace, lr=0.5, batch_size={"train": 1, "val": 2}), PLAN)

    assert "/lr: is 0.5 now and was 0.003" in str(caught.value)
    assert '/batch_size: is {"train": 1, "val": 2} now and was {"train": 2, "val": 2}' in str(caught.value)


def test_a_schedule_that_ends_with_the_training_fixes_its_epochs(workspace: Workspace) -> None:
    """Rates that were other ones with more epochs would not be those of one training; constant ones are."""
    for name in ("cosine", "constant"):
        prepare(workspace, request(workspace, name, schedule={"name": name}), PLAN, Silent())

    with pytest.raises(ConfigError, match=r"/epochs: is 3 now and was 2, on which the rates of .* 'cosine' hang"):
        resume(workspace, request(workspace, "cosine", schedule={"name": "cosine"}, epochs=3), PLAN)
    resume(workspace, request(workspace, "constant", schedule={"name": "constant"}, epochs=3), PLAN)


def test_scores_that_early_stopping_has_counted_stay_what_they_are(workspace: Workspace) -> None:
    """best_by may change where nothing was counted by it; the rule itself may change, as it does not touch them."""
    prepare(workspace, request(workspace, early_stopping={"patience": 2}), PLAN, Silent())

    with pytest.raises(ConfigError, match="/best_by: is 'mean_iou' now and was 'loss', by which early_stopping"):
        resume(workspace, request(workspace, early_stopping={"patience": 2}, best_by="mean_iou"), PLAN)
    resume(workspace, request(workspace, early_stopping={"patience": 9}), PLAN)
    resume(workspace, request(workspace, best_by="mean_iou"), PLAN)


def test_a_model_is_not_resumed_with_other_classes(workspace: Workspace) -> None:
    """A project that has got a class more since."""
    prepare(workspace, request(workspace), PLAN, Silent())
    project = workspace.project("squares")
    project.files.write("meta.json", json.dumps(meta_of({"car": "bitmap", "van": "bitmap"}).to_json()).encode())

    with pytest.raises(ConfigError, match=r"the classes \['bg', 'car', 'van'\] now and had \['bg', 'car'\]"):
        resume(workspace, request(workspace), PLAN)


def test_a_model_without_optimizer_is_not_resumed(workspace: Workspace) -> None:
    """An old checkpoint made a model of its own can start a new one instead."""
    train_loop(HERE, tiny_job(workspace, "long", project=workspace.project("squares"), epochs=2))
    restore(workspace, "long", "1", "first")

    with pytest.raises(ModelError, match="--init first"):
        resume(workspace, request(workspace, "first"), PLAN)
    resume(workspace, request(workspace, "long"), PLAN)


def test_a_query_is_kept_beside_its_model_and_may_not_change(workspace: Workspace, tmp_path: Path) -> None:
    """Its layers, its seed, and that it is one; the same in another file is the same."""

    def wanted(document: list[dict[str, object]], name: str = "query", seed: int = 0) -> TrainRequest:
        source = source_in(workspace, write_query(tmp_path, document, name=name), seed=seed)
        return replace(request(workspace), source=source)

    job = prepare(workspace, wanted(cropped()), PLAN, Silent())

    assert job.model.read_json("query.json") == cropped()
    assert read_run(job.model)["query_seed"] == 0
    resume(workspace, wanted(cropped(), "other"), PLAN)
    with pytest.raises(ConfigError, match=r"--seed: is 3 now and was 0(.|\n)*--project: query .*models/m/query\.json"):
        resume(workspace, wanted(cropped(copies=3), seed=3), PLAN)
    with pytest.raises(ConfigError, match=r"begun on what a query makes .*, not on project 'squares'"):
        resume(workspace, request(workspace), PLAN)
    prepare(workspace, request(workspace, "n"), PLAN, Silent())
    with pytest.raises(ConfigError, match="begun on a project, not on query"):
        resume(workspace, replace(wanted(cropped()), name="n"), PLAN)


def test_whole_pictures_that_do_not_fit_replace_no_model(workspace: Workspace) -> None:
    """A tag that no picture has; nor is a model gone on with like that."""
    train_loop(HERE, with_samples(prepare(workspace, request(workspace, epochs=1), PLAN, Silent())))
    whole = {"project": "squares", "config": {}, "tag": "test"}
    wanted = replace(request(workspace, epochs=1, validate_on=whole), overwrite=True)

    with pytest.raises(ConfigError, match=r"/validate_on/tag: no picture .* has tag 'test'; known: train, val"):
        prepare(workspace, wanted, PLAN, Silent())
    with pytest.raises(ConfigError, match="/validate_on/tag"):
        resume(workspace, wanted, PLAN)
    assert read_model_config(workspace.model_files("m")).settings.validate_on is None


def test_what_is_not_there_is_not_resumed(workspace: Workspace) -> None:
    """The error has the nearest name."""
    prepare(workspace, request(workspace), PLAN, Silent())

    with pytest.raises(WorkspaceError, match=r"no model 'mm'.*'m'"):
        resume(workspace, request(workspace, "mm"), PLAN)
