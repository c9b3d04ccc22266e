from pathlib import Path
from typing import Any

import pytest

from kittiseg.errors import ConfigError
from tests.data.spaces import LR, WIDTH, space_of

RATE = {LR: {"choice": [0.1, 0.2]}}
LEAST, MOST = f"{WIDTH}/min_percent", f"{WIDTH}/max_percent"


@pytest.mark.parametrize(
    ("space", "told"),
    [
        (
            {"train:/lrr": {"uniform": [0, 1]}},
            r"cannot be 0.0 or 1.0: train:/lrr: unknown key 'lrr'; did you mean 'lr'\?",
        ),
        ({"train:/batch_size/train": {"integer": [0, 4]}}, "cannot be 0: train:/batch_size/train: .* 1, not 0"),
        ({"train:/batch_size/train": {"uniform": [1, 4]}}, "cannot be 4.0: .* should be a valid integer"),
        ({"train:/precision": {"choice": ["fp32", "fp64"]}}, 'cannot be "fp64"'),
        ({"train:/network": {"choice": ["unetv2", "unetv3"]}}, 'cannot be "unetv3"'),
        ({"train:/devices": {"choice": ["cpu", "cpu:2"]}}, "all trials have the same workers"),
        ({"train:/lr/x": {"choice": [1]}}, "train:/lr/x: there is nothing inside 0.3"),
        ({"transform:/3/settings": {"choice": [{}]}}, "its 3 entries are 0 to 2"),
        (
            {"transform:/1/settings/random_part/widht/min_percent": {"choice": [1]}},
            '/space/"transform:/1/settings/random_part/widht/min_percent": cannot be 1: .* mean .width.',
        ),
        ({LEAST: {"choice": [95]}}, "cannot be 95: .*min_percent 95 is above max_percent 90"),
        ({"train:/best_by": {"choice": ["loss"]}}, "the sweep's metric is what best_by will be"),
        ({"train:/dataset_tags/val": {"choice": ["a", "b"]}}, "validated on the same pictures"),
        ({"train:/loss_weights/dice": {"uniform": [0, 1]}}, "choose a metric such as mean_iou"),
        ({"lr": {"choice": [1]}}, "'lr' does not begin with train: or transform:"),
    ],
)
def test_parameters_that_no_trial_can_have_are_refused(tmp_path: Path, space: Any, told: str):
    """Before the first trial; the space is what says so, not one of the draws."""
    with pytest.raises(ConfigError, match=told):
        space_of(tmp_path, space, train={"lr": 0.3})


def test_every_end_is_tried_and_every_problem_told(tmp_path: Path):
    """In one error."""
    space = {LR: {"uniform": [0, 1]}, "train:/epochs": {"integer": [0, 5]}, LEAST: {"uniform": [-1, 101]}}

    with pytest.raises(ConfigError) as caught:
        space_of(tmp_path, space, metric="mean_iuo")

    assert [problem.pointer.rpartition("~1")[2] for problem in caught.value.problems] == [
        "/metric", "lr", "epochs", "min_percent", "min_percent",
    ]  # fmt: skip


def test_an_end_that_fits_another_parameter_s_draw_is_right(tmp_path: Path):
    """At least 95 percent goes with at most 95 to 100, though not with the 90 of the file."""
    space = space_of(tmp_path, {LEAST: {"choice": [10, 95]}, MOST: {"integer": [60, 100]}})

    assert {space.draw(0, number)[LEAST] for number in range(40)} == {10, 95}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"transform": None}, "/transform: give either transform"),
        ({"project": "p"}, "/transform: give either transform"),
        ({"fixed": {LR: 1}}, '/space/"train:/lr": one of it and /fixed/"train:/lr" lies inside the other'),
        ({"space": {"lr": {"choice": [1]}}, "scheduler": {"name": "pbt"}}, "/space/lr: 'lr' does not begin"),
        ({"fixed": {"train:/epochs/x": 1}}, None),
        (
            {"fixed": {"train:/epochs": 0}},
            "train.json or .*crops.json, as .*sweep.json has it: 1 problem\n  train:/epochs",
        ),
        ({"metric": "whole/mean_iou"}, "/metric: .* no whole pictures are validated on"),
        ({"metric": "accuracy"}, "/metric: is 'accuracy'; wanted one of loss"),
        ({"constraints": [["lr", "<", 1]]}, "/constraints/0/0: 'lr' does not begin"),
        (
            {"scheduler": {"name": "pbt"}, "searcher": {"name": "optuna"}},
            "/searcher/name: pbt changes parameters by itself",
        ),
        ({"scheduler": {"name": "pbt", "parameters": ["train:/epochs", LEAST]}}, "2 problems"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(tmp_path: Path, fields: dict[str, Any], told: str | None):
    """Where the training config has no such place, putting it there makes one, which its reader refuses."""
    with pytest.raises(ConfigError, match=told):
        space_of(tmp_path, **{"space": RATE | {LEAST: {"choice": [10]}}} | fields)


def test_a_parameter_may_lie_inside_what_is_fixed(tmp_path: Path):
    """Another optimizer for all, and its momentum varies; not the other way round: what is fixed would be gone."""
    sgd, momentum = {"train:/optimizer": {"name": "sgd"}}, {"train:/optimizer/momentum": {"choice": [0.8, 0.9]}}
    space = space_of(tmp_path, momentum, fixed=sgd)

    assert space.put({"train:/optimizer/momentum": 0.8}).train["optimizer"] == {"name": "sgd", "momentum": 0.8}
    with pytest.raises(ConfigError, match="lies inside the other"):
        space_of(tmp_path, {"train:/optimizer": {"choice": [{}]}}, fixed={"train:/optimizer/momentum": 0.5})


def test_a_query_s_places_need_a_query(tmp_path: Path):
    """A project is trained on as it is."""
    with pytest.raises(ConfigError, match="there is no query to put it in"):
        space_of(tmp_path, {LEAST: {"choice": [10]}}, transform=None, project="p")


def test_nothing_changes_where_only_the_network_varies(tmp_path: Path):
    """Population based training would have nothing to do."""
    with pytest.raises(ConfigError, match="/scheduler: none of space can change"):
        space_of(tmp_path, {"train:/width": {"choice": [0.5, 1.0]}}, scheduler={"name": "pbt"})


def test_whole_pictures_are_a_metric_where_they_are_validated_on(tmp_path: Path):
    """The class is known once the pictures are."""
    whole = {"validate_on": {"project": "p", "config": "infer.json"}}

    assert space_of(tmp_path, RATE, train=whole, metric="whole/iou/car").config.mode == "max"


def test_a_grid_needs_values_that_can_be_counted(tmp_path: Path):
    """And not too many of them, and one at least that constraints allow."""
    grid = {"searcher": {"name": "grid"}}
    with pytest.raises(ConfigError, match=r'lr": .* give it a step\n.*ema": .* write a choice of values'):
        space_of(
            tmp_path, {LR: {"uniform": [0.1, 1]}, "train:/ema": {"loguniform": [0.1, 0.9]}},
            **grid,
        )  # fmt: skip
    with pytest.raises(ConfigError, match="1,000,001 combinations"):
        space_of(tmp_path, {"train:/seed": {"integer": [0, 1_000_000]}}, **grid)
    with pytest.raises(ConfigError, match="none of the 2 combinations that there are is allowed"):
        space_of(tmp_path, RATE, constraints=[[LR, "<", 0.05]], **grid)
