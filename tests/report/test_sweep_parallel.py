import re
from dataclasses import replace

import pytest

from kittiseg.project.store import Workspace
from kittiseg.report.colors import MARK, MUTED
from kittiseg.report.sections import SweepSection
from kittiseg.report.sweep_collect import sweep_section
from kittiseg.report.sweep_labels import value_words
from kittiseg.report.sweep_parallel import parallel_chart
from tests.data.sweeps import write_sweep


@pytest.fixture
def section(workspace: Workspace) -> SweepSection:
    write_sweep(workspace, trials=9, failed=[2])
    return sweep_section(workspace, "widths")


def texts(svg: str) -> str:
    return " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg))


def test_there_is_an_axis_for_each_parameter_and_for_the_metric(section: SweepSection):
    """With its name and its ticks; the best trial's metric stands at the last one."""
    found = texts(parallel_chart(section))

    best = section.ranked[0]
    assert all(name in found for name in ("lr", "width / min percent", "height / min percent", "loss", "mean IoU"))
    assert all(tick in found for tick in ("0.001", "20", "27", "40", "cross_entropy"))
    assert f"{value_words(best.metric)} best" in found


def test_the_best_trial_and_those_without_a_metric_stand_out(section: SweepSection):
    """Green and thick, grey and dashed."""
    chart = parallel_chart(section)
    without = parallel_chart(replace(section, trials=[trial for trial in section.trials if trial.status != "failed"]))

    assert re.search(rf"stroke: var\(--mark, {MARK}\); stroke-width: 2.8", chart)
    assert re.search(rf"stroke-dasharray[^\"]*stroke: var\(--muted, {MUTED}\)", chart)
    assert "stroke-dasharray" not in without


def test_more_axes_leave_fewer_letters_for_each(workspace: Workspace):
    """Of long options the middle is left out, so that they do not reach the axis before."""
    space = {f"train:/a{number}": {"choice": ["cross_entropy_of_pixels", "b"]} for number in range(9)}
    write_sweep(workspace, "many", trials=2, space=space)
    write_sweep(workspace, "few", trials=2, space=dict(list(space.items())[:3]))

    many, few = (texts(parallel_chart(sweep_section(workspace, name))) for name in ("many", "few"))

    assert "cross_ent…f_pixels" in few
    assert "cross…xels" in many
