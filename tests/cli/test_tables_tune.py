import io
from typing import Any

from kittiseg.cli import tables_tune
from kittiseg.cli.console import plain_console
from kittiseg.pipeline import SweepPlan
from tests.data.spaces import LR, WIDTH

HEIGHT = WIDTH.replace("width", "height")


def trial(id: str, **fields: Any) -> dict[str, Any]:  # noqa: A002, it is called so in the file
    parameters = {LR: 0.0012345678, f"{WIDTH}/min_percent": 20, f"{HEIGHT}/min_percent": 30}
    unknown = dict.fromkeys(("metric", "checkpoint", "epoch", "seconds", "error"))
    return {"id": id, "scored_with": parameters, "status": "waiting", **unknown, **fields}


def shown(best: str | None, *trials: dict[str, Any]) -> list[str]:
    out = io.StringIO()
    sweep = {
        "sweep": "s",
        "metric": {"name": "mean_iou", "mode": "max"},
        "parameters": list(trials[0]["scored_with"]),
        "trials": trials,
        "best": best,
        "model": None if best is None else "s",
    }
    tables_tune.show_sweep(plain_console(out, width=40), sweep)
    return out.getvalue().splitlines()


def test_a_line_per_trial_with_the_best_marked():
    """Parameters are called so that they can be told from one another; a narrow terminal cuts nothing off."""
    done = trial("0001", status="done", metric=0.71236, checkpoint=5, epoch=2.5, seconds=95.0)

    title, head, *lines, last = shown("0001", trial("0000"), done)

    assert title.strip() == "s, best by the highest mean_iou"
    assert "lr  width / min percent  height / min percent  mean_iou  checkpoint  epochs  time" in head
    assert lines[0].split() == ["0000", "0.001235", "20", "30", "-", "-", "-", "-", "waiting"]
    assert lines[1].split() == ["0001", "0.001235", "20", "30", "0.7124", "5", "2.50", "95", "s", "done", "best"]
    assert last == "the best trial is the model 's'; its files are in sweeps/s/best"


def test_why_a_trial_failed_stands_below():
    """A table's cell would be too small for it."""
    lines = shown(None, trial("0000", status="failed", error="out of memory"))

    assert lines[-1] == "0000: out of memory"


def test_a_plan_without_trials_says_who_chooses_them():
    """Optuna does while the sweep runs."""
    out = io.StringIO()
    counts = {"count": 4, "at_once": 2, "workers": "1 CPU worker"}
    plan = SweepPlan(config="t.json", searcher="optuna", metric="loss", parameters=(LR,), trials=(), **counts)

    tables_tune.show_sweep_plan(plain_console(out), plan)

    assert out.getvalue().splitlines() == [
        "t.json: optuna chooses each trial by how those before it went",
        "4 trials (optuna), 2 at once on 1 CPU worker each, compared by loss",
    ]
