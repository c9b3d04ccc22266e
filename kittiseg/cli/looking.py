"""Commands that look at things: how a picture came to be, the windows over one, the schemas that editors ask for."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from kittiseg.cli.options import Json
from kittiseg.cli.session import session


def lineage(
    context: typer.Context,
    project: Annotated[str, typer.Argument(help="A project that a query made.")],
    item: Annotated[str, typer.Argument(help="dataset/name.png, or name.png where it stands once in the project.")],
    redo: Annotated[
        bool, typer.Option("--redo", help="Make the picture again and compare it; exit code 2 where it differs.")
    ] = False,
    json: Json = False,
) -> None:
    """How a picture came to be: its source, and what each layer drew or chose."""
    from kittiseg import pipeline
    from kittiseg.cli import tables

    with session(context.obj) as (run, terminal):
        found = pipeline.redo(run, project, item) if redo else pipeline.lineage_of(run, project, item)
        if json:
            terminal.json({**found.to_json(), **({"redo": "same"} if redo else {})})
            return
        tables.show_lineage(terminal.out, found)
        if redo:
            terminal.out.print("made again: same")


def windows(
    context: typer.Context,
    project: Annotated[str, typer.Argument(help="The project of the picture.")],
    item: Annotated[str, typer.Argument(help="dataset/name.png, or name.png where it stands once in the project.")],
    config: Annotated[Path, typer.Option(help="An inference config.")],
    out: Annotated[Path, typer.Option(help="The GIF file.")],
    model: Annotated[
        str | None, typer.Option(help="MODEL or MODEL@27: show its prediction too, as it grows window by window.")
    ] = None,
    json: Json = False,
) -> None:
    """The windows over a picture, one after another, as an animation."""
    from kittiseg import pipeline
    from kittiseg.cli import tables

    with session(context.obj) as (run, terminal):
        shown = pipeline.show_windows(run, pipeline.WindowsOptions(project, item, config, out, model))
        if json:
            terminal.json(shown.to_json())
        else:
            tables.show_windows(terminal.out, shown)


def schema(
    context: typer.Context,
    stage: Annotated[Literal["transform", "train", "predict", "tune"], typer.Argument(help="Whose JSON file.")],
    out: Annotated[Path | None, typer.Option(help="The file; without it, it goes to stdout.")] = None,
) -> None:
    """The JSON Schema of a query or a config, for editors that complete and check while you write."""
    from kittiseg import pipeline

    with session(context.obj) as (_, terminal):
        if out is None:
            terminal.json(pipeline.schema(stage))
        else:
            terminal.out.print(str(pipeline.write_schema(stage, out)))
