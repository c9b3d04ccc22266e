import dataclasses
import json
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from kittiseg.config import Doc, json_schema, parse, to_json
from kittiseg.errors import ConfigError
from kittiseg.tuning.config import Asha, OptunaSearch, Pbt, SweepConfig, check_searcher
from kittiseg.tuning.dimensions import Dimension
from tests.data.spaces import LR

LEAST = {"train": "t.json", "space": {LR: {"choice": [1]}}}


def config(**fields: Any) -> SweepConfig:
    return parse(SweepConfig, LEAST | fields, source="sweep.json")


def test_it_is_written_as_it_is_read():
    """So sweep.json in the workspace is one too."""
    made = config(
        constraints=[[LR, "<=", 0.5], [1, "!=", "train:/epochs"]],
        fixed={"train:/loss": {"name": "ce"}},
        searcher={"name": "optuna", "startup": 3},
        scheduler={"name": "pbt", "every": 4},
    )

    assert parse(SweepConfig, to_json(made), source="again") == made
    assert made.searcher == OptunaSearch(startup=3)
    assert made.scheduler == Pbt(every=4)


def test_every_problem_is_told_at_once():
    """Each by its pointer."""
    with pytest.raises(ConfigError) as caught:
        config(trails=4, constraints=[[LR, "==", 1]], searcher={"name": "grd"}, space={LR: {"choices": [1]}}, seed=-1)

    told = {problem.pointer: problem.message for problem in caught.value.problems}
    assert set(told) == {
        "/trails", "/constraints/0/1", "/searcher/name", "/space/train:~1lr/choices", "/seed",
    }  # fmt: skip
    assert "did you mean 'trials'" in told["/trails"]
    assert "did you mean 'grid'" in told["/searcher/name"]
    assert told["/constraints/0/1"] == 'input should be <=, < or != (for >= and > swap the two sides), not "=="'
    assert "did you mean 'choice'" in told["/space/train:~1lr/choices"]


@pytest.mark.parametrize("cls", [SweepConfig, Dimension, Asha, Pbt, OptunaSearch])
def test_every_field_has_a_description(cls: type):
    """An editor shows it."""
    hints = get_type_hints(cls, include_extras=True)
    fields = [field.name for field in dataclasses.fields(cls) if field.name != "name"]

    assert [name for name in fields if not any(isinstance(m, Doc) for m in hints[name].__metadata__)] == []


def test_files_lie_beside_the_sweep_config(tmp_path: Path):
    """Wherever the command runs."""
    assert config(transform="q.json").files(tmp_path / "a" / "sweep.json") == (
        tmp_path / "a" / "t.json",
        tmp_path / "a" / "q.json",
    )
    assert config(project="p").files(Path("sweep.json"))[1] is None


def test_the_loss_is_best_when_it_is_low():
    """All else when it is high."""
    assert config().mode == "min"
    assert config(metric="whole/mean_iou").mode == "max"


def test_a_searcher_whose_package_is_missing_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch):
    """Before anything is trained."""
    check_searcher(config(searcher={"name": "grid"}), source="sweep.json")
    monkeypatch.setattr("kittiseg.tuning.config.find_spec", lambda name: None)

    with pytest.raises(ConfigError, match=r"/searcher/name: .* pip install kittiseg\[optuna\]"):
        check_searcher(config(searcher={"name": "optuna"}), source="sweep.json")


def test_an_editor_knows_the_signs_of_constraints():
    """Though an error has words of its own for them."""
    assert '["<=", "<", "!="]' in json.dumps(json_schema(SweepConfig))
