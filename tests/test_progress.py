"""The bar that follows long work."""

import pytest

from kittiseg.progress import Progress, Silent, track


class Recorder(Silent):
    """Keeps what it was told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def start(self, title: str, total: int, unit: str) -> None:
        self.told.append((title, total, unit))

    def advance(self, count: int = 1, note: str = "") -> None:
        self.told.append(count)

    def finish(self) -> None:
        self.told.append("finish")


def test_track_passes_results_on_and_counts_them():
    """The same results in the same order; one step of the bar for each."""
    recorder = Recorder()

    assert list(track("ab", recorder, title="Reading", total=2, unit="pictures")) == ["a", "b"]
    assert recorder.told == [("Reading", 2, "pictures"), 1, 1, "finish"]


def test_track_ends_the_bar_when_the_work_fails():
    """The terminal is left clean, and the failure goes on upwards."""
    recorder = Recorder()

    def failing():
        yield 1
        raise RuntimeError("damaged")

    with pytest.raises(RuntimeError, match="damaged"):
        list(track(failing(), recorder, title="Reading", total=2, unit="pictures"))
    assert recorder.told[-1] == "finish"


def test_track_ends_the_bar_when_the_consumer_stops():
    """Leaving the loop early closes the bar too."""
    recorder = Recorder()
    results = track(iter(range(9)), recorder, title="Reading", total=9, unit="pictures")

    next(results)
    results.close()

    assert recorder.told == [("Reading", 9, "pictures"), "finish"]


def test_silent_says_nothing(capfd: pytest.CaptureFixture[str]):
    """A library call writes neither to stdout nor to stderr."""
    silent: Progress = Silent()
    silent.start("Reading", 1, "pictures")
    silent.advance(note="a.png")
    silent.notice("done")
    silent.warn("odd")
    silent.finish()

    assert capfd.readouterr() == ("", "")
