"""Commands that make models."""

from pathlib import Path
from typing import Annotated

import typer

from kittiseg.cli.options import Devices, Json, Overwrite
from kittiseg.cli.session import session


def train(
    context: typer.Context,
    config: Annotated[Path, typer.Argument(help="A training config.")],
    project: Annotated[
        str,
        typer.Option(
            help="The project to train on; its pictures bear the tags train and val. Or a query, which then writes no "
            "picture and draws anew for each epoch: --project configs/kitti_vehicles/transform_split.json"
        ),
    ],
    name: Annotated[str, typer.Option(help="Name of the model.")],
    init: Annotated[
        str | None, typer.Option(help="Weights to begin with: a .safetensors or .pt file, or MODEL or MODEL@27.")
    ] = None,
    devices: Devices = None,
    windows: Annotated[
        Path | None,
        typer.Option("--for", help="An inference config: warn where the training's scale does not fit its windows."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint.")] = False,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Train a network; a checkpoint is written at each validation, and TensorBoard's files all along."""
    from kittiseg import pipeline
    from kittiseg.cli import tables_models

    if resume and overwrite:
        raise typer.BadParameter(
            "--resume goes on with the model that --overwrite would replace; leave out one of them"
        )
    options = pipeline.TrainOptions(config, project, name, init, devices, resume, overwrite, windows)
    with session(context.obj) as (run, terminal):
        listing = pipeline.train(run, options)
        terminal.listing(listing, tables_models.show_checkpoints, json=json)


def checkpoints(context: typer.Context, model: str, json: Json = False) -> None:
    """The checkpoints of a model with their losses; best and last are marked."""
    from kittiseg import pipeline
    from kittiseg.cli import tables_models

    with session(context.obj) as (run, terminal):
        listing = pipeline.list_checkpoints(run, model)
        terminal.listing(listing, tables_models.show_checkpoints, json=json)


def restore(
    context: typer.Context,
    model: str,
    checkpoint: Annotated[str, typer.Option(help="Its number, or best, or last.")],
    name: Annotated[str, typer.Option(help="Name of the new model.")],
    overwrite: Overwrite = False,
) -> None:
    """Make a checkpoint a model of its own."""
    from kittiseg import pipeline

    with session(context.obj) as (run, terminal):
        number = pipeline.restore_checkpoint(run, model, checkpoint, name=name, overwrite=overwrite)
        terminal.out.print(f"checkpoint {number} of '{model}' is now the model '{name}'")


def calibrate(
    context: typer.Context,
    model: Annotated[str, typer.Argument(help="MODEL, MODEL@27, MODEL@best or MODEL@last (the default).")],
    project: Annotated[
        str | None,
        typer.Option(
            help="Another project, or query, than it was trained on; of its pictures those count that have the tag of "
            "the model's validation."
        ),
    ] = None,
    devices: Annotated[
        str, typer.Option(help="auto: as many of the training's GPUs as there are, else the CPU. cpu, cpu:N or exact.")
    ] = "auto",
    json: Json = False,
) -> None:
    """Make probabilities fit: one temperature, by the validation pictures, which predict then divides logits by."""
    from kittiseg import pipeline
    from kittiseg.cli import tables_models

    with session(context.obj) as (run, terminal):
        found = pipeline.calibrate(run, pipeline.CalibrateOptions(model, project, devices))
        if json:
            terminal.json(found.to_json())
        else:
            tables_models.show_calibrated(terminal.out, found)
