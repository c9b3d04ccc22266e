"""Clusters and their jobs as tables for people."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from kittiseg.cli.tables import new_table, print_table

if TYPE_CHECKING:
    from kittiseg.engine.dashboard import ClusterState
    from kittiseg.engine.jobs import Job

_STYLES = {"SUCCEEDED": "green", "FAILED": "red", "RUNNING": "bold"}


def show_jobs(out: Console, jobs: "Sequence[Job]") -> None:
    if not jobs:
        out.print("no jobs yet; kittiseg submit -- COMMAND makes one")
        return
    table = new_table("job", "started", "seconds", "exit code")
    table.add_column("status")
    table.add_column("command")
    for job in jobs:
        started = time.strftime("%d %b %H:%M:%S", time.localtime(job.started)) if job.started else "-"
        seconds = f"{(job.ended or time.time()) - job.started:.0f}" if job.started else "-"
        code = "-" if job.exit_code is None else str(job.exit_code)
        status = Text(job.status.lower(), style=_STYLES.get(job.status, ""))
        table.add_row(job.id, started, seconds, code, status, job.command.removeprefix("python -m "))
    print_table(out, table)


def show_cluster(out: Console, state: "ClusterState", head: str | None) -> None:
    if head:
        out.print(f"head:      {head}")
    out.print(f"dashboard: {state.address}\nnodes:     {state.nodes}")
    for name in ("CPU", "GPU"):
        total = state.total.get(name, 0)
        used = f"{state.used.get(name, 0):g}" if name in state.used or not total else "-"
        out.print(f"{f'{name}s:':<10} {used} of {total:g} in use")
    out.print(f"running:   {', '.join(state.running) or 'no job'}")
