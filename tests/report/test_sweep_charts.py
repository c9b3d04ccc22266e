import re
from dataclasses import replace

import pytest

from kittiseg.project.store import Workspace
from kittiseg.report.colors import between_worst_and_best
from kittiseg.report.sections import Parameter, SweepSection, TrialFacts
from kittiseg.report.sweep_axes import metric_axis
from kittiseg.report.sweep_charts import color_of, curves_chart, parameter_charts
from kittiseg.report.sweep_collect import sweep_section
from tests.data.sweeps import write_sweep


@pytest.fixture
def section(workspace: Workspace) -> SweepSection:
    write_sweep(workspace, trials=9, failed=[2])
    return sweep_section(workspace, "widths")


def texts(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def test_there_is_a_panel_for_each_parameter(section: SweepSection):
    """With the parameter's short name, its options, and the metric up the side."""
    found = texts(parameter_charts(section))

    assert {"lr", "width / min percent", "height / min percent", "loss", "mean IoU"} <= set(found)
    assert {"20", "27", "40", "60", "75", "90", "cross_entropy", "dice smooth 0.5"} <= set(found)


@pytest.mark.parametrize(("options", "aslant"), [(("a", "b", "c"), False), (("a rather long name", "b", "c"), True)])
def test_words_that_do_not_fit_side_by_side_stand_aslant(options: tuple[str, ...], aslant: bool):
    """Long names of options in a narrow panel."""
    pointers = [f"train:/{letter}" for letter in "wxyz"]
    parameters = [Parameter(pointer=pointer, kind="choice", options=options) for pointer in pointers]
    trial = TrialFacts(id="1", parameters=dict.fromkeys(pointers, "b"), metric=0.5)
    section = SweepSection(name="s", metric="loss", lowest=True, parameters=parameters, trials=[trial])

    assert ("rotate(-35" in parameter_charts(section)) == aslant


def test_every_trial_with_a_validation_has_a_curve(section: SweepSection):
    """The one that failed before its first has none; the best and the marks of the others are named."""
    chart = curves_chart(section)

    assert "mean IoU by epoch of 8 of 9 trials" in chart
    assert {f"best: {section.best}", "done", "stopped early", "epoch"} <= set(texts(chart))
    assert "failed" not in texts(chart)


def test_a_trial_that_is_waiting_or_running_can_be_drawn(section: SweepSection):
    """The page of a sweep that has just begun."""
    running = TrialFacts(id="0001", parameters={"train:/lr": 0.001}, status="running", metric=0.4, curve=[(0.5, 0.4)])
    waiting = TrialFacts(id="0002", parameters={"train:/lr": 0.002}, status="waiting")
    begun = replace(section, trials=[running, waiting], best=None)

    assert "running" in texts(curves_chart(begun))
    assert "lr" in texts(parameter_charts(begun))


def test_dollar_signs_are_no_formula():
    """A choice among the layers of a query has them."""
    parameter = Parameter(pointer="transform:/1/src", kind="choice", options=(["$1", "$2"], ["$3"]))
    trial = TrialFacts(id="1", parameters={"transform:/1/src": ["$1", "$2"]}, metric=0.5)
    section = SweepSection(name="s", metric="loss", lowest=True, parameters=[parameter], trials=[trial])

    assert "$1, $2" in texts(parameter_charts(section))


def test_the_best_end_of_the_axis_is_orange_whichever_it_is():
    """A low loss is as good as a high IoU."""
    low, high = (TrialFacts(id=str(metric), parameters={}, metric=metric) for metric in (0.1, 0.2))
    section = SweepSection(name="s", metric="loss", lowest=True, parameters=(), trials=[low, high])
    axis = metric_axis(section)

    assert color_of(low, axis, lowest=True) == color_of(high, axis, lowest=False) == between_worst_and_best(1)
    assert color_of(high, axis, lowest=True) == between_worst_and_best(0)
