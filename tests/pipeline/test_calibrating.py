import pytest
import safetensors.torch

from kittiseg.errors import DataError, ModelError
from kittiseg.pipeline import CalibrateOptions, calibrate, restore_checkpoint
from kittiseg.project.store import Workspace
from kittiseg.training.checkpoints import MODEL, checkpoint_parts, install_checkpoint, resolve
from kittiseg.training.temperature import TEMPERATURE, temperature_of
from tests.data.projects import meta_of
from tests.data.runs import run_in
from tests.data.training import write_squares


@pytest.fixture
def workspace(workspace_of_models: Workspace) -> Workspace:
    return workspace_of_models


def make_louder(workspace: Workspace, factor: float) -> None:
    """Multiplies the logits of the checkpoint of ``m``."""
    files = workspace.model_files("m")
    parts = checkpoint_parts(resolve(files, "1"))
    weights = safetensors.torch.load(parts[MODEL])
    louder = {name: tensor * factor if name.startswith("head.") else tensor for name, tensor in weights.items()}
    install_checkpoint(files, "00000001", {**parts, MODEL: safetensors.torch.save(louder)})


def test_a_network_three_times_as_sure_gets_three_times_the_temperature(workspace: Workspace) -> None:
    """And both end with the same error, which is lower than that before."""
    plain = calibrate(run_in(workspace), CalibrateOptions("m"))
    make_louder(workspace, 3)

    louder = calibrate(run_in(workspace), CalibrateOptions("m"))

    assert louder.temperature == pytest.approx(3 * plain.temperature, rel=1e-3)
    assert louder.after["ece"] == pytest.approx(plain.after["ece"], abs=1e-4)
    assert louder.after["nll"] < louder.before["nll"]
    assert (louder.checkpoint, louder.pictures, louder.pixels) == (1, 2, 2 * 32 * 32)


def test_it_is_kept_with_the_checkpoint(workspace: Workspace) -> None:
    """With what it was fitted on; a model that is made of the checkpoint then takes it along."""
    restore_checkpoint(run_in(workspace), "m", "1", name="before")
    found = calibrate(run_in(workspace, seed=5), CalibrateOptions("m@1"))

    files = workspace.model_files("m")
    assert temperature_of(files, 1, "auto") == found.temperature
    assert files.read_json(TEMPERATURE) == {"1": found.to_json()}
    assert (found.source, found.seed) == ("project 'squares'", 5)
    restore_checkpoint(run_in(workspace), "m", "1", name="after")
    assert temperature_of(workspace.model_files("after"), 1, "auto") == found.temperature
    assert not workspace.model_files("before").exists(TEMPERATURE)


def test_a_model_of_a_query_is_calibrated_on_what_the_query_makes(workspace: Workspace) -> None:
    """Two crops of each of the two pictures of val, drawn by the training's seed, whatever this one's."""
    one, other = (calibrate(run_in(workspace, seed=seed), CalibrateOptions("q")) for seed in (0, 1))

    assert one.pictures == 4
    assert one.temperature == pytest.approx(other.temperature)


def test_another_project_can_be_named(workspace: Workspace) -> None:
    """Of which every class must be the model's, and some picture of val."""
    write_squares(workspace, "more", train=1, val=3)
    write_squares(workspace, "none", train=1, val=0)
    write_squares(workspace, "trucks", train=1, val=1, meta=meta_of({"car": "bitmap", "truck": "bitmap"}))

    assert calibrate(run_in(workspace), CalibrateOptions("m", "more")).pictures == 3
    with pytest.raises(DataError, match="no readable picture of project 'none' has the tag 'val'"):
        calibrate(run_in(workspace), CalibrateOptions("m", "none"))
    with pytest.raises(DataError, match="does not know: truck; it knows bg, car, neutral; map them by a query"):
        calibrate(run_in(workspace), CalibrateOptions("m", "trucks"))


def test_a_checkpoint_that_is_not_there_is_told_of(workspace: Workspace) -> None:
    """With those that are."""
    with pytest.raises(ModelError, match="no checkpoint '9'; there are 1,"):
        calibrate(run_in(workspace), CalibrateOptions("m@9"))
