"""Commands on a cluster: sent there as a job, listed, watched, stopped."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from kittiseg.cli.console import Terminal, terminal_of_command
from kittiseg.cli.options import Json

if TYPE_CHECKING:
    from kittiseg.engine.jobs import Job, Jobs

app = typer.Typer(help="The jobs of a cluster: list, logs, stop, attach.", no_args_is_help=True)

JobId = Annotated[str, typer.Argument(help="As jobs list shows it.", metavar="ID")]


def submit(
    context: typer.Context,
    words: Annotated[list[str], typer.Argument(help="A command with its options, after --.", metavar="-- COMMAND ...")],
    follow: Annotated[
        bool, typer.Option("--follow", help="Show its log until it ends, and end with its exit code; Ctrl-C detaches.")
    ] = False,
    name: Annotated[
        str | None, typer.Option(help="What its ID begins with.", show_default="the command and its --name")
    ] = None,
    env: Annotated[
        list[str] | None,
        typer.Option(help="NAME or NAME=VALUE: a variable for the job. Whoever may use the cluster can read it."),
    ] = None,
    json: Json = False,
) -> None:
    """Run any command on a cluster. Its JSON files go along, data never: the cluster must see the workspace."""
    from kittiseg.cli.submission import absolute, portable
    from kittiseg.engine.jobs import new_id

    variables = dict(map(_variable, env or []))
    command = portable(context, words)
    context.obj = command.options
    with _jobs(context) as (jobs, terminal):
        if not jobs.on_this_machine and "://" not in (place := absolute(context.obj.workspace)):
            terminal.notice(f"the workspace is {place}: the cluster must see the same folder there")
        job_id = new_id(name or command.about)
        jobs.submit(command.words, job_id=job_id, environment=variables)
        terminal.notice(f"submitted {job_id} to {jobs.dashboard.url}")
        if follow:
            _follow(context, jobs, job_id, terminal, json=json)
        elif json:
            terminal.json(asdict(jobs.find(job_id)))
        else:
            terminal.out.print(job_id)


@app.command("list", epilog="Example: kittiseg jobs list --json")
def list_(context: typer.Context, json: Json = False) -> None:
    """All jobs that the cluster remembers, the newest first."""
    from kittiseg.cli import tables_jobs

    with _jobs(context) as (jobs, terminal):
        found = jobs.list()
        if json:
            terminal.json([asdict(job) for job in found])
        else:
            tables_jobs.show_jobs(terminal.out, found)


@app.command(epilog="Example: kittiseg jobs logs train-unet-kitti-veh-4f1a")
def logs(context: typer.Context, job_id: JobId) -> None:
    """What a job has said so far."""
    with _jobs(context) as (jobs, terminal):
        terminal.write(jobs.log(job_id))


@app.command(epilog="Example: kittiseg jobs attach train-unet-kitti-veh-4f1a")
def attach(context: typer.Context, job_id: JobId, json: Json = False) -> None:
    """Follow a job: its log from the beginning, then its exit code."""
    with _jobs(context) as (jobs, terminal):
        _follow(context, jobs, job_id, terminal, json=json)


@app.command(epilog="Example: kittiseg jobs stop train-unet-kitti-veh-4f1a")
def stop(context: typer.Context, job_id: JobId) -> None:
    """End a job; what it was doing can be gone on with, as after a kill."""
    with _jobs(context) as (jobs, terminal):
        stopped = jobs.stop(job_id)
        terminal.out.print(f"{job_id} {'is stopped' if stopped else 'had ended already'}")


@contextmanager
def _jobs(context: typer.Context) -> Iterator[tuple["Jobs", Terminal]]:
    from kittiseg.engine.jobs import Jobs

    with terminal_of_command(quiet=context.obj.quiet) as terminal:
        jobs = Jobs.at(context.obj.address)
        if jobs.dashboard.exposed and jobs.dashboard.headers:
            terminal.warn(f"the token goes to {jobs.dashboard.url} as it is; ssh -L would hide it (docs/security.md)")
        yield jobs, terminal


def _follow(context: typer.Context, jobs: "Jobs", job_id: str, terminal: Terminal, *, json: bool) -> None:
    """Ends with the job's exit code; Ctrl-C leaves the job alone."""
    try:
        job = jobs.follow(job_id, sys.stderr.write if json else terminal.write)
    except KeyboardInterrupt:
        to = f" --address {context.obj.address}" if context.obj.address else ""
        terminal.errors.print(
            f"detached; the job goes on. Follow it again: kittiseg{to} jobs attach {job_id}; end it: kittiseg{to} jobs "
            f"stop {job_id}"
        )
        raise
    if json:
        terminal.json(asdict(job))
    _tell_end(job, terminal)
    raise typer.Exit(job.exit_code or 0)


def _tell_end(job: "Job", terminal: Terminal) -> None:
    if job.status == "FAILED":
        terminal.errors.print(f"job {job.id} failed: {job.message}")
    else:
        terminal.notice(f"job {job.id}: {job.status.lower()}")


def _variable(text: str) -> tuple[str, str]:
    name, given, value = text.partition("=")
    if not name or not (given or name in os.environ):
        raise typer.BadParameter(f"--env {text}: it is not set here; give NAME=VALUE", param_hint="--env")
    return name, value if given else os.environ[name]
