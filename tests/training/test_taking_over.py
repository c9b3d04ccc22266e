from dataclasses import replace

import pytest

from kittiseg.engine.in_process import InProcess
from kittiseg.project.files import Files
from kittiseg.project.store import Workspace
from kittiseg.training.alone import train_alone
from kittiseg.training.checkpoints import list_checkpoints
from kittiseg.training.history import read_history
from kittiseg.training.prepare import TrainJob, read_model_config
from kittiseg.training.restore import restore
from kittiseg.training.run_record import read_run
from kittiseg.training.taking_over import take_over
from tests.data.training import tiny_job, with_epochs, write_squares


def train(job: TrainJob) -> None:
    InProcess().fit(train_alone, job, workers=job.plan.workers, name="train", storage=job.model)


@pytest.fixture
def jobs(workspace: Workspace) -> tuple[TrainJob, TrainJob]:
    """Of ``good``, with four checkpoints, and ``bad``, with two."""
    project = write_squares(workspace)
    good = tiny_job(workspace, "good", project=project, epochs=2, val_every=0.5, lr=0.004)
    bad = tiny_job(workspace, "bad", project=project, epochs=1, val_every=0.5, lr=0.001, seed=1)
    train(good)
    train(bad)
    return good, bad


def weights(model: Files, number: int) -> bytes:
    return model.read(f"checkpoints/{number:08d}/model.safetensors")


def test_a_model_goes_on_from_another_s_checkpoint_at_its_own_rate(
    workspace: Workspace, jobs: tuple[TrainJob, TrainJob]
):
    """Weights, history and what the optimizer remembers are the other's; the next checkpoint is number 5."""
    good, bad = jobs
    config = replace(good.config.settings, lr=0.001, epochs=3)

    take_over(workspace, "bad", other="good", checkpoint=4, config=config)

    (taken,) = list_checkpoints(bad.model).whole
    assert taken.number == 4
    assert taken.can_go_on
    assert taken.state.lr == pytest.approx(0.001)
    assert weights(bad.model, 4) == weights(good.model, 4)
    assert read_model_config(bad.model).settings == config
    train(replace(bad, config=replace(bad.config, settings=config)))
    assert [checkpoint.number for checkpoint in list_checkpoints(bad.model).whole] == [4, 5, 6]
    rates = {record["step"]: record["lr"] for record in read_history(bad.model) if record["kind"] == "train"}
    assert (rates[6], rates[7]) == (pytest.approx(0.004), pytest.approx(0.001))


def test_taking_over_again_leaves_what_was_trained_since(workspace: Workspace, jobs: tuple[TrainJob, TrainJob]):
    """Whoever takes over may have died after it was done, and begins with it again."""
    good, bad = jobs
    longer = with_epochs(good, 3).config
    take_over(workspace, "bad", other="good", checkpoint=4, config=longer.settings)
    train(replace(bad, config=longer))

    take_over(workspace, "bad", other="good", checkpoint=4, config=longer.settings)

    assert [checkpoint.number for checkpoint in list_checkpoints(bad.model).whole] == [4, 5, 6]


@pytest.mark.parametrize("left", ["nothing", "a copy"])
def test_taking_over_that_was_killed_is_done_anew(workspace: Workspace, jobs: tuple[TrainJob, TrainJob], left: str):
    """Between the removal of what was there, the copy of the other, and its settings."""
    good, bad = jobs
    config = replace(good.config.settings, lr=0.001)
    if left == "nothing":
        bad.model.remove("")
    else:
        restore(workspace, "good", "4", "bad", overwrite=True)

    take_over(workspace, "bad", other="good", checkpoint=4, config=config)

    assert weights(bad.model, 4) == weights(good.model, 4)
    assert read_model_config(bad.model).settings == config
    assert read_run(bad.model)["taken_over"]["model"] == "good"
