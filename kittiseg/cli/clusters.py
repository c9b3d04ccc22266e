"""The cluster of this machine: started, looked at, ended."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from kittiseg.cli.console import terminal_of_command
from kittiseg.cli.options import Json

app = typer.Typer(help="A Ray cluster of this machine: up, status, down.", no_args_is_help=True)


@app.command(epilog="Example: kittiseg cluster up --local --cpus 4")
def up(
    context: typer.Context,
    local: Annotated[
        bool, typer.Option("--local", help="On this machine; clouds are for ray up cluster/*.yaml.")
    ] = False,
    cpus: Annotated[int | None, typer.Option(min=1, help="CPUs to use.", show_default="all")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of the head; 0 for any.")] = 6379,
    dashboard_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Of dashboard and job server; 0 for any.")
    ] = 8265,
    dashboard_host: Annotated[
        str,
        typer.Option(
            help="An address of this machine that others reach, or 0.0.0.0: opens dashboard and jobs to them."
        ),
    ] = "127.0.0.1",
    object_store_memory: Annotated[
        int | None, typer.Option(min=80, help="MB of shared memory.", show_default="30 % of the memory")
    ] = None,
    temp_dir: Annotated[
        Path | None, typer.Option(help="Folder for logs and spilled objects.", show_default="the system's")
    ] = None,
    no_token: Annotated[bool, typer.Option("--no-token", help="Let everybody in who reaches the ports.")] = False,
    open_to_everybody: Annotated[
        bool, typer.Option("--open-to-everybody", help="Say it again: --no-token, and a --dashboard-host for others.")
    ] = False,
    json: Json = False,
) -> None:
    """Start a head with a dashboard; it stays until cluster down. A token that only you can read lets you in."""
    from kittiseg.engine import local_cluster

    if not local:
        raise typer.BadParameter("say where: --local is this machine; for a cloud, ray up cluster/aws.yaml or gcp.yaml")
    options = local_cluster.ClusterOptions(
        cpus=cpus,
        port=port,
        dashboard_port=dashboard_port,
        dashboard_host=dashboard_host,
        object_store_mb=object_store_memory,
        folder=temp_dir,
        token=not no_token,
        open_to_all=open_to_everybody,
    )
    with terminal_of_command(quiet=context.obj.quiet) as terminal:
        terminal.notice("starting a cluster on this machine")
        cluster = local_cluster.up(options)
        if no_token:
            terminal.warn("whoever reaches its ports may run code on this machine as you")
        if json:
            terminal.json(asdict(cluster))
            return
        terminal.out.print(f"head:      {cluster.address}\ndashboard: {cluster.dashboard}")
        terminal.notice("kittiseg submit --follow -- COMMAND runs a command on it; kittiseg cluster down ends it")


@app.command(epilog="Example: kittiseg cluster status")
def status(context: typer.Context, json: Json = False) -> None:
    """What the cluster has, what of it is in use, and which jobs run."""
    from kittiseg.cli import tables_jobs
    from kittiseg.engine import local_cluster
    from kittiseg.engine.jobs import find_dashboard

    with terminal_of_command(quiet=context.obj.quiet) as terminal:
        dashboard = find_dashboard(context.obj.address)
        state = dashboard.state()
        here = local_cluster.known()
        head = here.address if here and here.dashboard == dashboard.url else None
        if json:
            terminal.json({"head": head, **asdict(state)})
        else:
            tables_jobs.show_cluster(terminal.out, state, head)


@app.command(epilog="Example: kittiseg cluster down")
def down(context: typer.Context) -> None:
    """End the cluster of this machine and its jobs; nobody else's."""
    from kittiseg.engine import local_cluster

    with terminal_of_command(quiet=context.obj.quiet) as terminal:
        ended = local_cluster.down()
        terminal.out.print(f"ended {ended} processes" if ended else "no cluster of this machine was running")
