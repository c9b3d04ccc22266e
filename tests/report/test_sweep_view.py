import pytest

from kittiseg.project.store import Workspace
from kittiseg.report.blocks import Commands, Table, View
from kittiseg.report.page import build_report
from kittiseg.report.sections import SweepSection, TrialFacts
from kittiseg.report.sweep_collect import sweep_section
from kittiseg.report.views import view_of
from kittiseg.report.wording import decimal
from tests.data.sweeps import SPACE, write_sweep


@pytest.fixture(scope="module")
def section(tmp_path_factory: pytest.TempPathFactory) -> SweepSection:
    workspace = Workspace.at(tmp_path_factory.mktemp("sweep") / "workspace")
    write_sweep(workspace, trials=8, failed=[2])
    return sweep_section(workspace, "widths")


@pytest.fixture(scope="module")
def view(section: SweepSection) -> View:
    return view_of(section)


def table(view: View, title: str) -> Table:
    found = next(block for block in view.blocks if block.title == title)
    assert isinstance(found, Table)
    return found


def test_a_sweeps_page_has_its_best_its_charts_and_its_trials(view: View):
    """In this order."""
    assert [block.title for block in view.blocks] == [
        "Best configuration", "Go on with the best", "Parallel coordinates", "Mean IoU by parameter",
        "Learning curves", "Trials", "Errors", "Sweep",
    ]  # fmt: skip


def test_every_trial_stands_in_the_table_the_best_first(section: SweepSection, view: View):
    """With its parameters and metric; the best is marked, what failed comes last and is pale."""
    trials = table(view, "Trials")

    expected = sorted((trial for trial in section.trials if trial.metric), key=lambda trial: -(trial.metric or 0))
    assert [row[0].text for row in trials.rows] == [*(trial.id for trial in expected), "0002"]
    assert [row[1].text for row in trials.rows[:-1]] == [decimal(trial.metric) for trial in expected]
    assert trials.rows[0][0].marks == ("best",)
    assert (trials.highlighted, trials.faint) == (frozenset({0}), frozenset({7}))
    assert trials.columns == (
        "trial", "mean IoU", "status", "checkpoint", "epochs", "time", "lr", "width / min percent",
        "height / min percent", "loss",
    )  # fmt: skip


def test_a_row_holds_what_the_trial_was(section: SweepSection, view: View):
    """Trial 3 was stopped at epoch 2, after four validations of 9.5 s."""
    row = next(row for row in table(view, "Trials").rows if row[0].text == "0003")

    trial = section.trials[2]
    assert [cell.text for cell in row[2:6]] == ["stopped", str(trial.checkpoint), "2", "38 s"]
    assert row[7].text == str(trial.parameters[list(SPACE)[1]])


def test_an_error_is_told_in_full(section: SweepSection, view: View):
    """With how often the trial was tried again."""
    (row,) = table(view, "Errors").rows

    assert [cell.text for cell in row] == ["0002", "1", section.trials[1].error]


def test_of_a_very_long_error_its_end_is_told():
    """A traceback says there what was wrong."""
    trial = TrialFacts(id="1", parameters={}, status="failed", error=f"{'x' * 5000} no room")
    section = SweepSection(name="s", metric="loss", lowest=True, parameters=(), trials=[trial])

    text = table(view_of(section), "Errors").rows[0][2].text

    assert len(text) < 700
    assert text.endswith("no room")


def test_the_best_configuration_is_a_value_for_each_parameter(section: SweepSection, view: View):
    """With where it stands and what it was searched among."""
    best = section.ranked[0]
    rows = [[cell.text for cell in row] for row in table(view, "Best configuration").rows]

    assert [row[3] for row in rows] == list(SPACE)
    assert rows[1] == ["width / min percent", str(best.parameters[list(SPACE)[1]]), "20, 27, 40", list(SPACE)[1]]


def test_the_head_counts_trials_by_what_became_of_them(section: SweepSection, view: View):
    """5 trials of eight validations, 2 of four, and one that failed after 4 s: 460 s."""
    facts = {fact.label: fact.value for fact in view.facts}

    assert (facts["trials"], facts["stopped early"], facts["failed"]) == ("8", "2", "1")
    assert facts["of training in all trials"] == "8 min"
    assert facts["best trial"] == section.best


def test_a_sweep_of_which_all_failed_has_no_charts(workspace: Workspace):
    """And no best configuration, but what was searched, and the errors."""
    write_sweep(workspace, trials=2, failed=[1, 2])

    view = view_of(sweep_section(workspace, "widths"))

    assert [block.title for block in view.blocks] == ["Search space", "Trials", "Errors", "Sweep"]
    assert table(view, "Trials").highlighted == frozenset()


def test_the_page_shows_the_commands_word_by_word(workspace: Workspace):
    """A line is broken only between words; the page is a page of one trial as well."""
    write_sweep(workspace, trials=1, metric="whole/iou/vehicle")
    section = sweep_section(workspace, "widths")

    page = build_report([section])

    commands = next(block for block in view_of(section).blocks if isinstance(block, Commands))
    assert "".join(f"<span>{word}</span> " for word in commands.lines[0].split()).strip() in page
    assert "IoU of vehicle on whole pictures by parameter" in page
    assert page.count("<svg") == 3
