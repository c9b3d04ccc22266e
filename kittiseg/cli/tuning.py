"""The command that makes many trainings and keeps the best."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from kittiseg.cli.options import Json, Overwrite
from kittiseg.cli.session import session

_NAMED = 8  # trials that a line names


def tune(
    context: typer.Context,
    config: Annotated[Path, typer.Argument(help="A sweep config: what may vary, and how the best is known.")],
    name: Annotated[str, typer.Option(help="Name of the sweep, and of the model that its best trial becomes.")] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a sweep; trials that are over stay.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything and show the trials that would be made, and stop.")
    ] = False,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Train many models with other learning rates, crops, or whatever a config can say; keep the best."""
    from kittiseg import pipeline
    from kittiseg.cli import tables_tune

    if resume and overwrite:
        raise typer.BadParameter(
            "--resume goes on with the sweep that --overwrite would replace; leave out one of them"
        )
    if not name and (resume or not dry_run):
        raise typer.BadParameter("--name is missing: how the sweep is to be called")
    options = pipeline.TuneOptions(config, name, resume, overwrite)
    with session(context.obj) as (run, terminal):
        if dry_run:
            plan = pipeline.plan_tune(run, options)
            if json:
                terminal.json(plan.to_json())
            else:
                tables_tune.show_sweep_plan(terminal.out, plan)
            if resume:
                terminal.notice(f"trials that are over and stay: {_listed(plan.over)}; left: {_listed(plan.left)}")
            return
        sweep = pipeline.tune(run, options).to_json()
        page = pipeline.report(run, [name])
        terminal.listing(sweep, tables_tune.show_sweep, json=json)
        terminal.notice(f"report: {page}")


def trials(context: typer.Context, sweep: str, json: Json = False) -> None:
    """The trials of a sweep, as far as they have come; the best one is marked."""
    from kittiseg import pipeline
    from kittiseg.cli import tables_tune

    with session(context.obj) as (run, terminal):
        listing = pipeline.list_trials(run, sweep)
        terminal.listing(listing, tables_tune.show_sweep, json=json)


def _listed(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return ", ".join(ids[:_NAMED]) + more if ids else "none"
