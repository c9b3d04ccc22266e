import json
from dataclasses import fields
from pathlib import Path

import pytest

from kittiseg.errors import ConfigError
from kittiseg.tuning.config import Asha, OptunaSearch, Pbt, SweepConfig
from kittiseg.tuning.dimensions import Dimension
from kittiseg.tuning.reading import read_space
from tests.data.spaces import CROPS, LR, space_of, sweep_file

CONFIG = Path(__file__).parents[2] / "configs" / "kitti_vehicles" / "tune.json"
RATE = {LR: {"choice": [0.1]}}


def test_the_tutorial_s_sweep_varies_rate_and_crops():
    """Of its own query and training config; every trial's crops are at most as wide as they may be."""
    space = read_space(CONFIG)
    percents = "transform:/8/settings/random_part/width"

    assert LR in space.names
    for number in range(space.config.trials or 0):
        drawn = space.draw(0, number)
        assert drawn[f"{percents}/min_percent"] <= drawn[f"{percents}/max_percent"]


def test_the_page_on_sweeps_has_that_file_and_every_field():
    """Of the sweep config, and of the schedulers and searchers."""
    page = (CONFIG.parents[2] / "docs" / "tuning.md").read_text(encoding="utf-8")

    assert json.loads(page.split("```json")[1].split("```")[0]) == json.loads(CONFIG.read_text(encoding="utf-8"))
    named = [field.name for cls in (SweepConfig, Dimension, Asha, Pbt, OptunaSearch) for field in fields(cls)]
    assert [name for name in named if f"`{name}`" not in page and f'"{name}"' not in page] == []


def test_what_is_fixed_is_in_every_trial(tmp_path: Path):
    """And so is the metric, by which the best checkpoint is chosen."""
    space = space_of(tmp_path, RATE, train={"epochs": 9}, fixed={"train:/epochs": 1}, metric="mean_iou")

    assert space.base.train == {"epochs": 1, "best_by": "mean_iou"}
    assert space.put({LR: 0.1}).train == {"epochs": 1, "best_by": "mean_iou", "lr": 0.1}
    assert space.base.transform == CROPS


def test_without_a_query_there_is_a_project(tmp_path: Path):
    """As it is."""
    assert space_of(tmp_path, RATE, transform=None, project="p").base.transform is None


def test_files_that_are_not_there_or_wrong_are_told_by_their_names(tmp_path: Path):
    """Whichever of the three it is."""
    path = sweep_file(tmp_path, RATE, train={"lr": 0})
    with pytest.raises(ConfigError, match=r"train\.json or .*: 1 problem\n  train:/lr: .* greater than 0"):
        read_space(path)
    (tmp_path / "train.json").write_text("[]")
    with pytest.raises(ConfigError, match=r"train\.json: a training config is a JSON object, not list"):
        read_space(path)
    (tmp_path / "train.json").unlink()
    with pytest.raises(ConfigError, match=r"train\.json: no such file"):
        read_space(path)
    path.write_text(json.dumps({"train": "train.json"}))
    with pytest.raises(ConfigError, match=r"sweep\.json: 1 problem\n  /space: is required"):
        read_space(path)
