import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kittiseg.config import load
from kittiseg.dtl.query import read_query
from kittiseg.errors import ConfigError, DataError, WorkspaceError
from kittiseg.project.store import Workspace
from kittiseg.training.config import TrainConfig
from kittiseg.tuning.population import Exchange, TakeOver
from kittiseg.tuning.trials import Sweep, Trial, best_of, trial_id
from tests.data.spaces import CROPS, LR, WIDTH, space_of

SPACE = {LR: {"choice": [0.1, 0.2]}, f"{WIDTH}/min_percent": {"choice": [10]}}
PARAMETERS = {LR: 0.2, f"{WIDTH}/min_percent": 10}
OF_OTHERS = [{**CROPS[0], "src": ["others/*"]}, *CROPS[1:]]


def trial(number: int, **fields: Any) -> Trial:
    return Trial(id=trial_id(number), parameters=PARAMETERS, **fields)


@pytest.fixture
def sweep(workspace: Workspace, tmp_path: Path) -> Sweep:
    return Sweep.begin(workspace, "s", space_of(tmp_path, SPACE, metric="mean_iou"))


def test_a_sweep_is_opened_as_it_was_begun(workspace: Workspace, sweep: Sweep):
    """Config and documents; where they came from does not matter any more."""
    found = Sweep.open(workspace, "s")

    assert (found.name, found.space.config, found.space.base) == ("s", sweep.space.config, sweep.space.base)
    document = sweep.files.read_json("sweep.json")
    assert document["metric"] == {"name": "mean_iou", "mode": "max"}
    assert document["parameters"] == list(SPACE)


def test_trials_are_read_as_they_were_written_in_the_order_of_their_ids(sweep: Sweep):
    """A trial is written again and again."""
    last = trial(10, status="done", metric=0.5, checkpoint=2, epoch=1.0, seconds=3.5, curve=((0.5, 0.4), (1.0, 0.5)))
    for each in (last, trial(2), trial(2, status="running", project="s--00")):
        sweep.write(each)

    assert sweep.trials() == [trial(2, status="running", project="s--00"), last]
    assert sweep.trial("0002") == trial(2, status="running", project="s--00")
    assert sweep.trial("0003") is None


def test_an_exchange_is_read_as_it_was_written(sweep: Sweep):
    """Before the first generation is over there is none."""
    taken = TakeOver(trial="0001", other="0000", checkpoint=4, parameters=PARAMETERS)
    assert sweep.exchange() == Exchange()

    sweep.write_exchange(exchange := Exchange(generation=2, taken=(taken,)))

    assert sweep.exchange() == exchange
    sweep.files.replace("exchange.json", b"{}")
    with pytest.raises(DataError, match=r"exchange\.json: not what a sweep writes"):
        sweep.exchange()


def test_a_new_sweep_has_no_trials_of_an_old_one(workspace: Workspace, sweep: Sweep):
    """Nor its best."""
    sweep.write(trial(0))
    sweep.write_best(trial(0), "s")
    again = Sweep.begin(workspace, "s", sweep.space)

    assert again.trials() == []
    assert again.files.files() == ["sweep.json"]


def test_the_best_has_the_best_metric_and_did_not_fail():
    """Of equal ones the first."""
    trials = [
        trial(0, status="failed", metric=0.9),
        trial(1, status="stopped", metric=0.2),
        trial(2, status="done", metric=0.8),
        trial(3, status="running", metric=0.8),
        trial(4),
    ]

    assert best_of(trials, "max") == trials[2]
    assert best_of(trials, "min") == trials[1]
    assert best_of([trials[0], trials[4]], "max") is None


def test_weights_that_were_taken_over_are_told_with_what_they_were_trained_with(sweep: Sweep):
    """Trial 0 went on from 1, which had gone on from 2; whoever was trained to a metric itself is the better one."""
    rates = {2: {**PARAMETERS, LR: 0.3}, 1: {**PARAMETERS, LR: 0.4}, 0: {**PARAMETERS, LR: 0.5}}
    third = replace(trial(2), parameters=rates[2])
    second = replace(trial(1, metric=0.8, checkpoint=4), past=third.stages(2), parameters=rates[1])
    first = replace(trial(0, metric=0.8, checkpoint=4), past=second.stages(4), parameters=rates[0])

    assert best_of([first, second], "max") == second
    assert [found.scored_with[LR] for found in (first, second)] == [0.4, 0.4]
    scored = {checkpoint: replace(first, checkpoint=checkpoint).scored_with[LR] for checkpoint in range(1, 6)}
    assert scored == {1: 0.3, 2: 0.3, 3: 0.4, 4: 0.4, 5: 0.5}
    sweep.write_best(first, "s")
    best = sweep.files.read_json("best.json")
    assert best["parameters"] == rates[1]
    assert [(stage["trial"], stage["until"], stage["parameters"]) for stage in best["stages"]] == [
        ("0002", 2, rates[2]),
        ("0001", 4, rates[1]),
    ]
    assert load(TrainConfig, Path(sweep.files.root) / best["train"]).lr == 0.4


def test_the_best_s_files_are_ready_for_the_stages(sweep: Sweep):
    """Its parameters are in them, and the query has a project of its own to write."""
    sweep.write_best(trial(3, metric=0.5), "s")
    folder = Path(sweep.files.root)

    best = json.loads((folder / "best.json").read_text())
    assert (best["trial"], best["metric"], best["model"], best["parameters"]) == ("0003", 0.5, "s", PARAMETERS)
    config = load(TrainConfig, folder / best["train"])
    assert (config.lr, config.best_by) == (0.2, "mean_iou")
    query = read_query(folder / best["transform"])
    assert query[1]["settings"]["random_part"]["width"]["min_percent"] == 10
    assert query[-1]["dst"] == "s-best"


def test_without_a_query_the_best_has_none(workspace: Workspace, tmp_path: Path):
    """It was trained on a project."""
    space = space_of(tmp_path, {LR: {"choice": [0.1]}}, transform=None, project="p")
    sweep = Sweep.begin(workspace, "s", space)
    sweep.write_best(Trial(id="0000", parameters={LR: 0.1}, metric=1.0), "s")

    assert sweep.files.read_json("best.json")["transform"] is None
    assert sweep.files.files("best") == ["train.json"]


def test_a_sweep_goes_on_with_more_trials_but_not_with_others(sweep: Sweep, tmp_path: Path):
    """What is over must be what it would have been."""
    more = space_of(tmp_path, SPACE, metric="mean_iou", trials=99, retries=3, at_once=1)

    going_on = sweep.resumed(more)
    assert going_on.space is more
    going_on.write_config()
    assert sweep.files.read_json("sweep.json")["config"]["trials"] == 99

    other = space_of(tmp_path, SPACE | {LR: {"choice": [0.3]}}, metric="mean_iou", train={"epochs": 5}, seed=1)
    with pytest.raises(ConfigError, match="undo the changes, or tune under another --name") as caught:
        sweep.resumed(other)
    assert [problem.pointer for problem in caught.value.problems] == ["/space", "/seed", "/train"]


@pytest.mark.parametrize(
    ("changed", "places"),
    [
        ({"metric": "loss"}, ["/metric"]),
        ({"fixed": {"train:/epochs": 3, "train:/batch_size/train": 4}}, ["/fixed"]),
        ({"fixed": {}}, ["/fixed"]),
        ({"fixed": {f"{WIDTH}/max_percent": 80}}, ["/fixed"]),
        ({"fixed": {}, "train": {"epochs": 9, "width": 0.5}}, ["/fixed", "/train"]),
        ({"query": OF_OTHERS}, ["/transform"]),
    ],
)
def test_a_file_has_changed_only_where_the_sweep_config_does_not_say_how(
    workspace: Workspace, tmp_path: Path, changed: dict[str, Any], places: list[str]
):
    """What is fixed, and the metric, stand in the documents of a sweep, too."""
    fields = {"space": SPACE, "metric": "mean_iou", "fixed": {"train:/epochs": 2, f"{WIDTH}/max_percent": 95}}
    sweep = Sweep.begin(workspace, "s", space_of(tmp_path, **fields))

    with pytest.raises(ConfigError) as caught:
        sweep.resumed(space_of(tmp_path, **fields | changed))

    assert [problem.pointer for problem in caught.value.problems] == places


def test_for_people_there_is_one_document(sweep: Sweep):
    """With the best trial's id."""
    sweep.write(trial(0, status="done", metric=0.5))

    document = sweep.to_json()

    assert json.loads(json.dumps(document))["trials"][0]["parameters"] == PARAMETERS
    assert (document["sweep"], document["best"], document["parameters"]) == ("s", "0000", list(SPACE))


def test_a_sweep_that_is_not_there_or_damaged_is_an_error(workspace: Workspace, sweep: Sweep):
    """That names what is."""
    with pytest.raises(WorkspaceError, match=r"no sweep 'ss' .* did you mean 's'"):
        Sweep.open(workspace, "ss")
    sweep.files.replace("trials/0000/trial.json", b'{"id": "0000"}')
    with pytest.raises(DataError, match=r"trials/0000/trial\.json: not what a sweep writes"):
        sweep.trials()
    sweep.files.replace("sweep.json", b"{}")
    with pytest.raises(DataError, match="begin it anew by --overwrite"):
        Sweep.open(workspace, "s")


def test_a_sweep_s_models_are_a_workspace(sweep: Sweep):
    """Each is called as its trial."""
    sweep.models.files.replace("models/0000/config.json", b"{}")

    assert sweep.models.models() == ["0000"]
    assert sweep.files.exists("models/0000")


def test_what_is_over_is_left_alone():
    """By a sweep that goes on."""
    assert [trial(0, status=status).is_over for status in ("waiting", "running", "done", "stopped", "failed")] == [
        False, False, True, True, True,
    ]  # fmt: skip
