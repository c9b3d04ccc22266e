"""The commands, in the order of the tutorial."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from kittiseg import __version__
from kittiseg.cli import clusters, jobs, looking, models, tuning
from kittiseg.cli.options import Devices, Json, Overwrite, SkipBad
from kittiseg.cli.session import Options, session

app = typer.Typer(
    help="Segmentation for pictures that do not fit a neural network: wide road scenes, satellite and drone pictures.",
    epilog="Start with: kittiseg demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"kittiseg {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    workspace: Annotated[
        str, typer.Option("--workspace", "-w", envvar="KITTISEG_WORKSPACE", help="Folder of projects and models.")
    ] = "workspace",
    address: Annotated[
        str | None,
        typer.Option(
            envvar="RAY_ADDRESS",
            help="Ray cluster: host:port of its head, or auto for that of cluster up, or else of this node; without it "
            "one starts here, for this command. For submit, jobs and cluster status also http://host:8265.",
        ),
    ] = None,
    engine: Annotated[Literal["ray", "local"], typer.Option(help="local: in this process, without Ray.")] = "ray",
    seed: Annotated[int, typer.Option(min=0, help="Of every random draw but those of a training config.")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no notices.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say it and exit.")
    ] = False,
) -> None:
    context.obj = Options(workspace, address, engine, seed, quiet)


@app.command(epilog="Example: kittiseg demo --data data_semantics --keep demo-workspace")
def demo(
    context: typer.Context,
    data: Annotated[
        Path | None, typer.Option(help="Folder of the KITTI benchmark; without it, road scenes are generated.")
    ] = None,
    keep: Annotated[str, typer.Option(help="Workspace in which everything stays to be looked at.")] = "demo-workspace",
) -> None:
    """The whole tutorial, small: import, query, training, prediction, evaluation, report. Takes some minutes."""
    from kittiseg.cli import tables_models
    from kittiseg.demo import run_demo

    with session(context.obj, keep) as (run, terminal):
        result = run_demo(run, data)
        tables_models.show_evaluation(terminal.out, result.evaluation)
        terminal.out.print(f"picture grid: {result.grid}\nreport:       {result.report}")


@app.command("import", epilog="Example: kittiseg import kitti data_semantics.zip --name kitti-semseg")
def import_(
    context: typer.Context,
    format: Annotated[str, typer.Argument(help="kitti, images or supervisely.")],  # noqa: A002
    source: Annotated[Path, typer.Argument(help="A folder or a zip.")],
    name: Annotated[
        str, typer.Option(help="Name of the project; KITTI makes NAME-train and NAME-test of a whole set.")
    ],
    skip_bad: SkipBad = False,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Pictures and masks from outside become a project."""
    from kittiseg import pipeline
    from kittiseg.cli import tables

    with session(context.obj) as (run, terminal):
        imported = pipeline.import_pictures(run, format, source, name=name, skip_bad=skip_bad, overwrite=overwrite)
        if json:
            terminal.json([entry.to_json() for entry in imported])
        else:
            tables.show_imported(terminal.out, imported)


@app.command(epilog="Example: kittiseg projects --json")
def projects(context: typer.Context, json: Json = False) -> None:
    """The projects, models and sweeps of the workspace."""
    from kittiseg import pipeline
    from kittiseg.cli import tables

    with session(context.obj) as (run, terminal):
        listing = pipeline.list_workspace(run)
        terminal.listing(listing, tables.show_listing, json=json)


@app.command(epilog="Example: kittiseg stats kitti-semseg-train")
def stats(context: typer.Context, project: str, json: Json = False) -> None:
    """Which classes matter: pictures, objects and area of each."""
    from kittiseg import pipeline
    from kittiseg.cli import tables

    with session(context.obj) as (run, terminal):
        statistics = pipeline.statistics(run, project)
        if json:
            terminal.json(statistics.to_json())
        else:
            tables.show_statistics(terminal.out, statistics, run.workspace.project(project).meta)


@app.command(epilog="Example: kittiseg transform configs/kitti_vehicles/transform.json --dry-run")
def transform(
    context: typer.Context,
    query: Annotated[Path, typer.Argument(help="A query: a JSON list of layers.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be made, without reading a pixel.")
    ] = False,
    graph: Annotated[
        Path | None, typer.Option(help="Draw the query to this SVG file instead, with the counts of a run.")
    ] = None,
    preview: Annotated[
        int | None, typer.Option(min=1, max=24, help="Show so many pictures in every layer instead, in --out FILE.png.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The PNG file of --preview.")] = None,
    skip_bad: SkipBad = False,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Run a query: merge and drop classes, split, mirror, multiply, crop; it makes a new project."""
    from kittiseg import pipeline
    from kittiseg.cli import tables

    if (preview is None) != (out is None):
        raise typer.BadParameter("--preview and --out go together: --preview 4 --out sheet.png")
    with session(context.obj) as (run, terminal):
        tell = terminal.notice if json else terminal.out.print
        if graph:
            tell(str(pipeline.draw_query(run, query, graph)))
        if preview and out:
            tell(str(pipeline.preview(run, query, out, pictures=preview)))
        if (graph or preview) and not dry_run:
            return
        if dry_run:
            plan = pipeline.plan_transform(run, query)
            if json:
                terminal.json(asdict(plan))
            else:
                tables.show_plan(terminal.out, plan)
            return
        made = pipeline.transform(run, query, overwrite=overwrite, skip_bad=skip_bad)
        if json:
            terminal.json(made.to_json())
        else:
            tables.show_transformed(terminal.out, made)


app.command(epilog="Example: kittiseg lineage kitti-veh-tr training/000000_10_m3.png --redo")(looking.lineage)


app.command(
    epilog="Example: kittiseg train configs/kitti_vehicles/train.json --project kitti-veh-tr --name unet-kitti-veh"
)(models.train)
app.command(epilog="Example: kittiseg checkpoints unet-kitti-veh")(models.checkpoints)
app.command(epilog='Example: kittiseg restore unet-kitti-veh --checkpoint 27 --name "unet-kitti-veh (ckpt 27)"')(
    models.restore
)
app.command(epilog="Example: kittiseg calibrate unet-kitti-veh@27")(models.calibrate)


@app.command(
    epilog="Example: kittiseg predict configs/kitti_vehicles/infer.json --model unet-kitti-veh@27 "
    "--project kitti-semseg-test --name kitti-test-vehunet-inf00"
)
def predict(
    context: typer.Context,
    config: Annotated[Path, typer.Argument(help="An inference config.")],
    model: Annotated[str, typer.Option(help="MODEL, MODEL@27, MODEL@best or MODEL@last (the default).")],
    project: Annotated[str, typer.Option(help="The project whose pictures are segmented.")],
    name: Annotated[str, typer.Option(help="Name of the project of predictions; a plan needs none.")] = "",
    devices: Devices = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Say what it would take: windows, memory, and time by a few batches.")
    ] = False,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Apply a model to whole pictures, by sliding windows or at once."""
    from kittiseg import pipeline
    from kittiseg.cli import tables_models

    if not (name or plan):
        raise typer.BadParameter("--name is missing: how the project of predictions is to be called")
    options = pipeline.PredictOptions(config, model, project, name, devices, overwrite)
    with session(context.obj) as (run, terminal):
        if plan:
            wanted = pipeline.plan_predict(run, options)
            if json:
                terminal.json(wanted.to_json())
            else:
                tables_models.show_prediction_plan(terminal.out, wanted)
            return
        made = pipeline.predict(run, options)
        if json:
            terminal.json(made.to_json())
        else:
            tables_models.show_predicted(terminal.out, made)


app.command(
    epilog="Example: kittiseg windows kitti-semseg-test 000000_10.png --config configs/kitti_vehicles/infer.json "
    "--model unet-kitti-veh@27 --out windows.gif"
)(looking.windows)


@app.command(
    epilog="Example: kittiseg evaluate predictions --truth kitti-semseg-train --map vehicle_dl=vehicle "
    "--mapping configs/kitti_vehicles/transform.json"
)
def evaluate(
    context: typer.Context,
    predictions: Annotated[str, typer.Argument(help="A project of predictions.")],
    truth: Annotated[str, typer.Option(help="The project of the true masks.")],
    class_map: Annotated[
        str, typer.Option("--map", help="predicted=true class names, with commas between; else equal names.")
    ] = "",
    mapping: Annotated[
        Path | None, typer.Option(help="A query whose classes_mapping merges the classes of the truth first.")
    ] = None,
    json: Json = False,
) -> None:
    """Hold predictions against the truth: IoU, Dice, precision and recall of each class."""
    from kittiseg import pipeline
    from kittiseg.cli import tables_models

    with session(context.obj) as (run, terminal):
        evaluation = pipeline.evaluate(run, predictions, truth, class_map=class_map, mapping=mapping)
        if json:
            terminal.json(evaluation.to_json())
        else:
            tables_models.show_evaluation(terminal.out, evaluation)


@app.command(epilog="Example: kittiseg report kitti-semseg-train unet-kitti-veh kitti-test-vehunet-inf00")
def report(
    context: typer.Context,
    names: Annotated[list[str], typer.Argument(help="Projects, models and sweeps, in the order of the page.")],
    output: Annotated[Path | None, typer.Option(help="The file.", show_default="reports/NAMES.html")] = None,
) -> None:
    """One HTML page that holds everything: statistics, the query, charts, predictions."""
    from kittiseg import pipeline

    with session(context.obj) as (run, terminal):
        terminal.out.print(pipeline.report(run, names, output=output))


app.command(epilog="Example: kittiseg schema transform --out transform.schema.json")(looking.schema)
app.command(epilog="Example: kittiseg tune configs/kitti_vehicles/tune.json --name vehicles --dry-run")(tuning.tune)
app.command(epilog="Example: kittiseg trials vehicles")(tuning.trials)

app.command(
    epilog="Example: kittiseg submit --follow -- train configs/kitti_vehicles/train.json --project kitti-veh-tr "
    "--name unet-kitti-veh"
)(jobs.submit)
app.add_typer(jobs.app, name="jobs", epilog="Example: kittiseg jobs list")
app.add_typer(clusters.app, name="cluster", epilog="Example: kittiseg cluster up --local")
