"""Windows that need no network, in all stages that have to do with them: they agree with what predict does."""

from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
import torch

from kittiseg.pipeline import PredictOptions, evaluate, plan_predict, predict
from kittiseg.project.store import Workspace
from kittiseg.training.checkpoints import MODEL, checkpoint_parts, install_checkpoint, load_network, resolve
from kittiseg.training.group import Group
from kittiseg.training.inputs import Forward, normalise
from kittiseg.training.model import ModelConfig
from kittiseg.training.validate_on import ValidateOn
from kittiseg.training.whole import find_whole_pictures
from tests.data.runs import WINDOWS, json_file, run_in


def skipping(folder: Path, **skip: object) -> Path:
    """An inference config."""
    return json_file(folder, "infer", {**WINDOWS, "mode": {**WINDOWS["mode"], "skip": skip}})


@pytest.fixture
def undecided(workspace_of_models: Workspace) -> Workspace:
    """In place of the model ``m``, which finds no car, random weights that find some on half of the first picture."""
    files = workspace_of_models.model_files("m")
    checkpoint = resolve(files, "last")
    torch.manual_seed(0)
    network = load_network(files, checkpoint)[1].build().eval()
    project = workspace_of_models.project("squares")
    seen_nhwc = torch.from_numpy(project.item(project.keys()[0]).image.pixels()[None, :32, :32].copy())
    with torch.no_grad():
        background_hw, car_hw = network(normalise(seen_nhwc))[0]
    weights = network.state_dict()
    (bias,) = (name for name, weight in weights.items() if name.endswith("bias") and weight.shape == (2,))
    weights[bias] -= torch.tensor([0, float((car_hw - background_hw).median())])
    name = files.folders("checkpoints")[-1]
    install_checkpoint(files, name, {**checkpoint_parts(checkpoint), MODEL: safetensors.torch.save(weights)})
    return workspace_of_models


def validated(workspace: Workspace, infer: Path) -> dict[str, object]:
    """The scores of model ``m`` on the squares, as a training with the config would have them."""
    files = workspace.model_files("m")
    network, model = load_network(files, resolve(files, "last"))
    settings = replace(model.settings, validate_on=ValidateOn(project="squares", config=str(infer)))
    whole = find_whole_pictures(workspace, ModelConfig(settings, model.classes))
    assert whole is not None
    return whole.validate(Forward(network, torch.device("cpu"), "fp32"), Group(rank=0, world_size=1))


def test_whole_pictures_are_validated_as_they_are_predicted(undecided: Workspace, tmp_path: Path):
    """Every window, those with objects, and all by a first pass: three scores, each that of predict and evaluate."""
    run, means = run_in(undecided), []
    for skip in ({}, {"inside": {"objects": ["car"]}}, {"coarse": {"factor": 2, "below": 1}}):
        infer = skipping(tmp_path, **skip)

        predict(run, PredictOptions(infer, "m", "squares", "out", overwrite=True))
        document = evaluate(run, "out", "squares", class_map="car_dl=car").to_json()
        means.append(document["mean_iou"])
        assert validated(undecided, infer) == {
            "mean_iou": document["mean_iou"],
            "iou": {"car": document["classes"]["car"]["iou"]},
            "accuracy": document["pixel_accuracy"],
        }
    assert len(set(means)) == 3


@pytest.mark.parametrize(
    "skip",
    [
        {"inside": {"objects": ["car"]}},
        {"plain": True},
        {"inside": {"objects": ["car"]}, "coarse": {"factor": 2, "below": 0.5}},
    ],
)
def test_a_plan_holds(undecided: Workspace, tmp_path: Path, skip: dict[str, object]):
    """Between what it says at least and at most; by objects alone both are the same."""
    run, options = run_in(undecided), PredictOptions(skipping(tmp_path, **skip), "m", "squares", "out")

    plan, made = plan_predict(run, options), predict(run, options)

    assert plan.windows_at_least <= made.windows <= plan.windows
    assert (plan.windows_at_least == plan.windows) == ("plain" not in skip and "coarse" not in skip)
    assert plan.skipped <= made.skipped
    assert (plan.skipped > 0) == ("inside" in skip)
    assert {"windows": plan.windows, "windows_at_least": plan.windows_at_least}.items() <= plan.to_json().items()
