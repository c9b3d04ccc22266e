from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kittiseg.errors import ConfigError, KittisegError, WorkspaceError
from kittiseg.pipeline import TuneOptions, plan_tune, tune
from kittiseg.pipeline.sweep_request import check_request
from kittiseg.project.store import Workspace
from kittiseg.tuning.reading import read_space
from kittiseg.tuning.trials import Sweep, Trial
from tests.data.programs import DATA, query
from tests.data.runs import run_in, told
from tests.data.searching import OneByOne
from tests.data.spaces import LR, sweep_file
from tests.data.training import write_squares

RATE = {LR: {"choice": [0.1, 0.2, 0.3]}}
OF_PROJECT = {"transform": None, "project": "source"}
WHOLE = {"project": "source", "config": "infer.json"}


def options(folder: Path, *, name: str = "s", train: Any = None, space: Any = RATE, **fields: Any) -> TuneOptions:
    """Of a query of project ``source``, or of what ``fields`` of the config say."""
    train = {"devices": "cpu", "weights_init_type": "random"} | (train or {})
    return TuneOptions(sweep_file(folder, space, train=train, **fields), name)


def begun(workspace: Workspace, asked: TuneOptions, *statuses: Any) -> Sweep:
    """A sweep with these trials."""
    sweep = Sweep.begin(workspace, asked.name, read_space(asked.config))
    for number, status in enumerate(statuses):
        sweep.write(Trial(id=f"{number:04d}", parameters={LR: 0.1}, status=status))
    return sweep


def refused(workspace: Workspace, asked: TuneOptions) -> str:
    """What plan and sweep both say; neither writes anything."""
    run, said = run_in(workspace, OneByOne()), []
    before = sorted(Path(workspace.files.root).rglob("*"))
    for stage in (plan_tune, tune):
        with pytest.raises(KittisegError) as caught:
            stage(run, asked)
        said.append(str(caught.value))
    assert sorted(Path(workspace.files.root).rglob("*")) == before
    assert said[0] == said[1]
    return said[0]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"metric": "iou/spaceship"},
            "/metric: is 'iou/spaceship', but 'spaceship' is no class of the network; known: ",
        ),
        ({"metric": "iou/cart", **OF_PROJECT}, "/metric: is 'iou/cart', but 'cart' is no class of the network; did"),
        ({"transform": None, "project": "nope"}, "/project: no project 'nope' in "),
        ({"init": "nope"}, "/init: no model 'nope' in "),
        ({"init": "nope.pt"}, "/init: init nope.pt: no such file"),
        ({"name": "a/b"}, "'a/b' cannot be the name of a sweep"),
        ({"train": {"class_weights": {"tram": 2.0}}}, "train:/class_weights/tram: no class of the network"),
        ({"train": {"validate_on": WHOLE | {"project": "nope"}}}, "train:/validate_on/project: no project 'nope' in"),
        ({"train": {"validate_on": WHOLE | {"tag": "vol"}}}, "/tag: no picture of project 'source' has tag 'vol'; did"),
        ({"train": {"validate_on": WHOLE}, "metric": "whole/iou/bg"}, "/metric: 'bg' is no class that whole pictures"),
    ],
)
def test_what_would_end_every_trial_is_told_before_the_first(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any], said: str
):
    """In one line, by plan and sweep alike, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "infer.json").write_text('{"mode": {"source": "full_image"}}')
    write_squares(workspace, "source")

    lines = refused(workspace, options(tmp_path, **fields)).splitlines()

    assert said in lines[-1]
    assert len(lines) <= 2


def test_a_query_of_a_project_that_is_not_there_is_told_by_its_file(workspace: Workspace, tmp_path: Path):
    """As transform tells it."""
    write_squares(workspace, "sauce")

    said = refused(workspace, options(tmp_path))

    assert said.startswith(f"{tmp_path / 'crops.json'} in the workspace")
    assert "/0/src/0: " in said
    assert "did you mean 'sauce'?" in said


def test_the_classes_are_those_that_the_query_makes(workspace: Workspace, tmp_path: Path):
    """Not those of its sources; and not those of a parameter, which every trial has otherwise."""
    write_squares(workspace, "source")
    renamed = query((*DATA[:3], {"classes_mapping": {"car": "vehicle"}}), save="$in")
    by_vehicle = options(tmp_path, query=renamed, metric="iou/vehicle")

    assert check_request(run_in(workspace), by_vehicle).space.config.metric == "iou/vehicle"
    assert "'car' is no class" in refused(workspace, options(tmp_path, query=renamed, metric="iou/car"))
    weights = {"train:/class_weights": {"choice": [{"car": 2.0}]}}
    varied = options(tmp_path, space=weights, metric="iou/car", train={"class_weights": {"tram": 2.0}})
    assert check_request(run_in(workspace), varied).count == 8


@pytest.mark.parametrize("kind", ["sweep", "model"])
def test_what_is_there_is_replaced_only_where_that_is_asked_for(workspace: Workspace, tmp_path: Path, kind: str):
    """A plan without a name says nothing of it."""
    write_squares(workspace, "source")
    workspace.files.make_folder(f"{kind}s/s")
    asked = options(tmp_path)

    assert f"{kind} 's' exists" in refused(workspace, asked)
    for fine in (replace(asked, overwrite=True), replace(asked, name="")):
        assert check_request(run_in(workspace), fine).over == ()


def test_a_plan_to_go_on_says_which_trials_are_left(workspace: Workspace, tmp_path: Path):
    """Those that are over, those that were begun, and those that the config adds."""
    write_squares(workspace, "source")
    asked = options(tmp_path, trials=3)
    begun(workspace, asked, "done", "running", "failed")
    more = replace(options(tmp_path, trials=5), resume=True)

    run = run_in(workspace)
    plan = plan_tune(run, more)

    assert "a sweep needs Ray" in told(run).warnings[0]
    assert (plan.count, plan.over, plan.left) == (5, ("0000", "0002"), ("0001", "0003", "0004"))
    assert [trial[LR] for trial in plan.trials[:3]] == [0.1] * 3
    assert len(plan.trials) == 5
    assert Sweep.open(workspace, "s").space.config.trials == 3

    begun(workspace, asked, *["done"] * 3)
    plan_tune(run := run_in(workspace), replace(options(tmp_path, trials=3), resume=True))
    assert told(run).warnings == []


def test_a_sweep_does_not_go_on_by_another_config(workspace: Workspace, tmp_path: Path):
    """Nor one that is not there, nor one whose model is another's."""
    write_squares(workspace, "source")
    begun(workspace, options(tmp_path), "done")

    said = refused(workspace, replace(options(tmp_path, metric="mean_iou"), resume=True))
    assert said.splitlines()[1:] == ['  /metric: is "mean_iou" now and was "loss"']

    with pytest.raises(WorkspaceError, match="no sweep 'ss'"):
        check_request(run_in(workspace), replace(options(tmp_path, name="ss"), resume=True))


def test_settings_without_effect_are_warned_of(workspace: Workspace, tmp_path: Path):
    """A grace that no training outlives, and trials that a grid has not got."""
    write_squares(workspace, "source")
    train, asha = {"epochs": 2, "val_every": 0.5}, {"name": "asha", "grace": 4}

    def warned(**fields: Any) -> list[str]:
        run = run_in(workspace)
        check_request(run, options(tmp_path, train=train, **fields))
        return told(run).warnings

    assert "asha stops no trial: grace is 4, and a training has 4 validations" in warned(scheduler=asha)[0]
    assert warned(scheduler=asha | {"grace": 3}) == []
    assert warned(scheduler=asha, space={"train:/epochs": {"choice": [2, 9]}}) == []
    assert "trials is 4, but the grid has only 3 combinations" in warned(searcher={"name": "grid"}, trials=4)[0]
    assert warned(searcher={"name": "grid"}, trials=3) == []


def test_a_query_that_is_wrong_only_with_its_parameters_is_no_matter_of_the_request(
    workspace: Workspace, tmp_path: Path
):
    """A trial of it fails, and the others go on."""
    write_squares(workspace, "source")
    sources = {"transform:/0/src/0": {"choice": ["source/*", "nope/*"]}}

    assert check_request(run_in(workspace), options(tmp_path, space=sources)).count == 8
    with pytest.raises(ConfigError, match="nope"):
        check_request(run_in(workspace), options(tmp_path, space=sources, fixed={"transform:/0/src": ["nope/*"]}))
