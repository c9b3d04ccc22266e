"""Sweeps as tables for people."""

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from kittiseg.cli.tables import new_table, print_table
from kittiseg.report.sweep_labels import short_labels, value_words
from kittiseg.report.wording import duration
from kittiseg.tuning.trials import trial_id

if TYPE_CHECKING:
    from kittiseg.pipeline.tuning_plan import SweepPlan

_STYLES = {"failed": "red", "running": "cyan"}


def show_sweep(out: Console, sweep: dict[str, Any]) -> None:
    """A line per trial, the best marked; then why trials failed. ``sweep``: as ``Sweep.to_json`` gives it."""
    names, metric = sweep["parameters"], sweep["metric"]
    labels = short_labels(names)
    better = "lowest" if metric["mode"] == "min" else "highest"
    title = f"{sweep['sweep']}, best by the {better} {metric['name']}"
    table = new_table(
        "trial", *(labels[name] for name in names), metric["name"], "checkpoint", "epochs", "time", title=title
    )
    table.add_column("status")
    table.add_column("")
    for trial in sweep["trials"]:
        table.add_row(
            trial["id"],
            *(value_words(trial["scored_with"][name]) for name in names),
            _number(trial["metric"], ".4f"),
            _number(trial["checkpoint"], "d"),
            _number(trial["epoch"], ".2f"),
            "-" if trial["seconds"] is None else duration(trial["seconds"]),
            Text(trial["status"], style=_STYLES.get(trial["status"], "")),
            Text("best" if trial["id"] == sweep["best"] else "", style="bold green"),
        )
    print_table(out, table)
    for trial in sweep["trials"]:
        if trial["error"]:
            out.print(f"{trial['id']}: {trial['error']}", style="yellow")
    if sweep["model"] is not None:
        out.print(f"the best trial is the model '{sweep['model']}'; its files are in sweeps/{sweep['sweep']}/best")


def show_sweep_plan(out: Console, plan: "SweepPlan") -> None:
    """The trials as far as they are known beforehand, and how many run at once."""
    labels = short_labels(plan.parameters)
    if plan.trials:
        table = new_table("trial", *(labels[name] for name in plan.parameters), title=plan.config)
        for number, parameters in enumerate(plan.trials):
            table.add_row(trial_id(number), *(value_words(parameters[name]) for name in plan.parameters))
        print_table(out, table)
    else:
        out.print(f"{plan.config}: {plan.searcher} chooses each trial by how those before it went")
    where = f"{plan.at_once} at once on {plan.workers} each"
    out.print(f"{plan.count} trials ({plan.searcher}), {where}, compared by {plan.metric}")


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
