"""The clock is a test's own."""

from collections.abc import Callable

import pytest

from kittiseg.pipeline import metering
from kittiseg.pipeline.metering import Metered
from kittiseg.progress import Progress, track
from kittiseg.project.store import Workspace
from tests.data.progress import Dashboard, Recorder
from tests.data.runs import run_in, told


class Clock:
    """Says a time that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(metering, "time", clock)
    return clock


@pytest.fixture
def dashboard() -> Dashboard:
    return Dashboard()


@pytest.fixture
def metered(dashboard: Dashboard, clock: Clock) -> Metered:
    """A stage that has begun: ten pictures are to be predicted."""
    metered = Metered(Recorder(), dashboard.observe, "predict", {"project": "out"})
    metered.start("predict out", 10, "pictures")
    return metered


def test_units_rates_and_progress_bear_the_name_of_the_stage(metered: Metered, dashboard: Dashboard, clock: Clock):
    """Windows are none of the bar's units, and are counted beside them."""
    clock.now += 2
    metered.count(windows=12)
    metered.show(loss=0.25)
    metered.advance(4)
    metered.finish()

    assert dashboard.labels == {"project": "out"}
    assert dashboard.shown == {
        "kittiseg_predict_pictures": 4,
        "kittiseg_predict_pictures_per_second": 2.0,
        "kittiseg_predict_windows": 12,
        "kittiseg_predict_windows_per_second": 6.0,
        "kittiseg_predict_progress": 0.4,
        "kittiseg_predict_loss": 0.25,
    }


def test_a_dashboard_is_told_twice_a_second_at_most(metered: Metered, dashboard: Dashboard, clock: Clock):
    """However fast the pictures come; and at the end in any case."""
    for _ in range(1000):
        clock.now += 0.001
        metered.advance()
    assert dashboard.tellings in (1, 2)

    before = dashboard.tellings
    metered.finish()
    assert dashboard.tellings == before + 1
    assert dashboard.shown["kittiseg_predict_pictures"] == 1000


def test_a_rate_is_of_the_last_ten_seconds(metered: Metered, dashboard: Dashboard, clock: Clock):
    """A slow beginning is forgotten."""
    for rate in [1] * 60 + [8] * 12:
        clock.now += 1
        metered.advance(rate)

    assert dashboard.shown["kittiseg_predict_pictures_per_second"] == pytest.approx(8)


def test_a_new_bar_counts_anew(metered: Metered, dashboard: Dashboard, clock: Clock):
    """As when the workers of a training are started again."""
    metered.advance(9)
    metered.start("predict out", 10, "pictures")
    clock.now += 1
    metered.advance(1)

    assert dashboard.shown["kittiseg_predict_pictures"] == 1
    assert dashboard.shown["kittiseg_predict_progress"] == 0.1


@pytest.mark.parametrize("wrap", [lambda recorder: recorder, lambda recorder: Metered(recorder, _nobody, "s", {})])
def test_a_person_is_told_the_same(wrap: Callable[[Recorder], Progress]):
    """With a dashboard as without."""
    recorder = Recorder()
    progress = wrap(recorder)
    progress.notice("begun")
    progress.warn("odd")

    assert list(track("abc", progress, title="t", total=3, unit="pictures", size=lambda _: 2)) == ["a", "b", "c"]
    progress.finish()

    assert (recorder.notices, recorder.warnings, recorder.bars) == (["begun"], ["odd"], [("t", 3, 6)])


def _nobody(metrics: dict[str, float], **labels: str) -> None: ...


def test_no_engine_is_started_for_a_dashboard(workspace: Workspace):
    """Few annotations are read without one, and nobody watches them."""
    run = run_in(workspace)

    assert list(run.map_light(str, [1, 2], stage="stats", project="p", unit="pictures")) == ["1", "2"]

    assert "engine" not in run.__dict__
    assert told(run).bars == [("stats p", 2, 2)]
