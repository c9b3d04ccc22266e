import pytest

from kittiseg.errors import WorkspaceError
from kittiseg.project.store import Workspace
from kittiseg.report.sections import Parameter
from kittiseg.report.sweep_collect import sweep_section
from kittiseg.tuning.trials import Trial
from tests.data.sweeps import write_sweep


def test_a_sweep_is_read_from_its_folder(workspace: Workspace):
    """What was searched, every trial, and the best."""
    sweep = write_sweep(workspace, trials=6, failed=[2], metric="loss")

    section = sweep_section(workspace, "widths")

    best = sweep.best()
    assert best is not None
    assert (section.metric, section.lowest, section.best) == ("loss", True, best.id)
    assert [trial.id for trial in section.trials] == ["0001", "0002", "0003", "0004", "0005", "0006"]
    assert [trial.metric for trial in section.trials] == [trial.metric for trial in sweep.trials()]
    assert section.trials[1].error.startswith("the loss of step 12")
    assert section.parameters[:2] == [
        Parameter(pointer="train:/lr", kind="log", ends=[0.0001, 0.01], words="0.0001 to 0.01, logarithmic"),
        Parameter(
            pointer="transform:/8/settings/random_part/width/min_percent",
            kind="choice",
            options=[20, 27, 40],
            words="20, 27, 40",
        ),
    ]


@pytest.mark.parametrize(
    ("dimension", "kind", "words"),
    [
        ({"uniform": [0, 0.5]}, "linear", "0 to 0.5"),
        ({"uniform": [0, 0.5], "step": 0.1}, "linear", "0 to 0.5 by 0.1"),
        ({"integer": [2, 9]}, "linear", "2 to 9"),
        ({"choice": [True, None]}, "choice", "yes, none"),
    ],
)
def test_every_kind_of_range_is_told_in_words(workspace: Workspace, dimension: dict, kind: str, words: str):
    """As the sweep config has them."""
    write_sweep(workspace, trials=1, space={"train:/x": dimension})

    found = sweep_section(workspace, "widths").parameters[0]

    assert (found.kind, found.words) == (kind, words)


def test_the_commands_are_those_of_the_best_trials_files(workspace: Workspace):
    """Its project is made by the query that is saved, and its model has the sweep's name."""
    write_sweep(workspace, "my sweep", trials=2)
    root = workspace.files.root

    transform, train, predict = sweep_section(workspace, "my sweep").commands

    assert transform == f"kittiseg --workspace {root} transform '{root}/sweeps/my sweep/best/transform.json'"
    assert train.endswith("best/train.json' --project 'my sweep-best' --name 'my sweep-again'")
    assert "--model 'my sweep'" in predict


def test_of_a_sweep_that_goes_on_the_best_so_far_is_shown(workspace: Workspace):
    """There is no best.json yet, and nothing to go on with; a trial that failed is not the best."""
    sweep = write_sweep(workspace, trials=4)
    sweep.files.remove("best.json")
    expected = sweep.best()
    sweep.write(Trial(id="0005", parameters={}, status="running"))
    sweep.write(Trial(id="0006", parameters={}, status="failed", metric=0.99, curve=[[0.5, 0.99], [1.0, None]]))

    section = sweep_section(workspace, "widths")

    assert expected is not None
    assert (section.best, list(section.commands)) == (expected.id, [])
    assert section.trials[-1].curve == [(0.5, 0.99)]


def test_a_sweep_without_any_trial_is_read(workspace: Workspace):
    """It has just begun."""
    write_sweep(workspace, trials=1, failed=[1]).files.remove("trials")

    section = sweep_section(workspace, "widths")

    assert (list(section.trials), section.best) == ([], None)


def test_a_misspelt_sweep_is_one_error_with_the_nearest(workspace: Workspace):
    """As of projects and models."""
    write_sweep(workspace, trials=1)

    with pytest.raises(WorkspaceError, match=r"no sweep 'width' in .*did you mean 'widths'"):
        sweep_section(workspace, "width")
