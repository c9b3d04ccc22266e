"""Sections -> what is shown of them: the facts at the head, tables, charts and galleries."""

from collections.abc import Mapping, Sequence
from typing import Any

from kittiseg.report import charts
from kittiseg.report.blocks import Block, Cell, Chart, Fact, Gallery, Table, View
from kittiseg.report.colors import RGB
from kittiseg.report.graph import query_graph
from kittiseg.report.sections import Example, ModelSection, PredictionSection, ProjectSection, Section
from kittiseg.report.wording import counts, decimal, flat_rows, plural, whole, word

MOST_EXAMPLES = 12


def view_of(section: Section) -> View:
    """How the section is shown."""
    if isinstance(section, ProjectSection):
        return project_view(section)
    return model_view(section) if isinstance(section, ModelSection) else prediction_view(section)


def project_view(section: ProjectSection) -> View:
    """Statistics, the query that made the project, and examples."""
    statistics, colors = section.statistics, section.meta.colors
    classes = sorted(statistics.get("classes", ()), key=lambda row: -(row.get("area_percent") or 0))
    present = [row for row in classes if row.get("objects")]
    datasets = counts(statistics.get("datasets"))
    facts = [
        Fact(whole(statistics.get("images")), "pictures"),
        Fact(whole(sum(row["objects"] for row in present)), "objects"),
        Fact(f"{len(present)} of {len(classes)}", "classes with objects"),
        Fact(whole(len(datasets)), "data set" if len(datasets) == 1 else "data sets"),
    ]
    blocks: list[Block] = []
    if present:
        blocks.append(Chart("Classes by area", charts.class_chart(present, colors), _largest_only(len(present))))
        blocks.append(_class_table(classes, colors))
    for title, column, key in (
        ("Tags", "tag", "tags"),
        ("Data sets", "data set", "datasets"),
        ("Picture sizes", "px", "sizes"),
        ("Tags of objects", "tag", "object_tags"),
    ):
        found = counts(statistics.get(key))
        if found:
            rows = [(Cell(name), Cell(whole(number))) for name, number in most_frequent(found).items()]
            blocks.append(
                Table(
                    title=title,
                    columns=(column, "objects" if key == "object_tags" else "pictures"),
                    rows=rows,
                    numeric=frozenset({1}),
                )
            )
    if section.query:
        svg = query_graph(section.query, section.layers)
        caption = f"The {len(section.query)} layers of the query that made this project."
        blocks.append(Chart("Query", svg, caption, natural=True))
    return View("project", section.name, facts, [*blocks, *_gallery("Examples", section.examples)])


def most_frequent(found: Mapping[str, int | None], limit: int = 10) -> dict[str, int]:
    """The first ``limit`` in order of their numbers, and the rest in one line: crops have hundreds of sizes."""
    ranked = sorted(((name, number or 0) for name, number in found.items()), key=lambda entry: -entry[1])
    rest = {f"{len(ranked) - limit} others": sum(number for _, number in ranked[limit:])} if len(ranked) > limit else {}
    return {**dict(ranked[:limit]), **rest}


def model_view(section: ModelSection) -> View:
    """Loss and metrics of the training, its checkpoints and its configuration."""
    val = [line for line in section.history if line.get("kind") == "val"]
    best = best_checkpoint(section)
    facts = [Fact(str(len(section.checkpoints) or len(val)), "checkpoints")]
    if val:
        facts.insert(0, Fact(f"{val[-1]['epoch']:g}", "epochs"))
    row = next((line for line in val if line["checkpoint"] == best), None)
    if row is not None:
        by_loss = section.config.get("best_by", "loss") == "loss"
        what = "best validation loss" if by_loss else "validation loss of the best"
        facts += [Fact(decimal(row.get("loss")), f"{what} (checkpoint {best})")]
        facts += [Fact(decimal(row.get("mean_iou"), 3), f"mean IoU of checkpoint {best}")]
        if "whole" in row:
            facts += [Fact(decimal(row["whole"].get("mean_iou"), 3), f"on whole pictures (checkpoint {best})")]
    restored = section.facts.get("restored_from")
    if restored:
        facts.append(Fact(_origin(restored), "restored from"))
    blocks: list[Block] = []
    if section.history:
        svg = charts.loss_chart(section.history, best=best, chosen=section.chosen)
        blocks.append(Chart("Loss", svg, f"The best checkpoint is the one with the {_best_words(section.config)}."))
    if val:
        svg = charts.metric_chart(section.history, section.colors, best=best, chosen=section.chosen)
        blocks.append(Chart("Metrics", svg, "From pixel counts summed over the whole validation set."))
        blocks.append(_checkpoint_table(section, val, best))
    blocks += [*_settings_table("Run", section.facts), *_settings_table("Configuration", section.config)]
    return View("model", section.name, facts, blocks)


def prediction_view(section: PredictionSection) -> View:
    """Predictions beside the pictures, windows, and how good they are where that is known."""
    evaluation = section.evaluation
    facts = [Fact(section.model, "model")] if section.model else []
    blocks: list[Block] = []
    if evaluation:
        facts += [Fact(decimal(evaluation.get("mean_iou"), 3), "mean IoU")]
        facts += [Fact(whole(evaluation.get("images")), "pictures evaluated")]
        blocks += _evaluation_blocks(evaluation, section.colors)
    if section.windows is not None:
        windows = Example("", (section.windows,))
        blocks.append(Gallery("Windows", [windows], "The network sees one window at a time; the first one is filled."))
    blocks += [*_gallery("Predictions", section.examples), *_settings_table("Settings", section.settings)]
    return View("predictions", section.name, facts, blocks)


def best_checkpoint(section: ModelSection) -> int | None:
    """The one that says so, or else the first with the lowest validation loss of those on disk."""
    marked = [entry["checkpoint"] for entry in section.checkpoints if entry.get("best")]
    on_disk = {entry["checkpoint"] for entry in section.checkpoints}
    losses = {
        line["checkpoint"]: line["loss"]
        for line in section.history
        if line.get("kind") == "val" and line.get("loss") is not None and (line["checkpoint"] in on_disk or not on_disk)
    }
    return marked[0] if marked else min(losses, key=lambda number: losses[number], default=None)


def _best_words(config: Mapping[str, Any]) -> str:
    best_by = config.get("best_by", "loss")
    return "lowest validation loss" if best_by == "loss" else f"highest {best_by}"


def _settings_table(title: str, document: Mapping[str, Any]) -> list[Block]:
    rows = [(Cell(key), Cell(value)) for key, value in flat_rows(document)]
    return [Table(title=title, columns=("setting", "value"), rows=rows, numeric=frozenset({1}))] if rows else []


def _origin(restored: Any) -> str:
    if isinstance(restored, Mapping) and "model" in restored:
        return f"{restored['model']}, checkpoint {restored.get('checkpoint')}"
    return word(restored)


def _largest_only(present: int) -> str:
    return f"The {charts.MOST_BARS} largest of {present}." if present > charts.MOST_BARS else ""


def _class_table(classes: Sequence[Mapping[str, Any]], colors: Mapping[str, RGB]) -> Table:
    present = [row for row in classes if row.get("objects")]
    absent = [str(row["name"]) for row in classes if not row.get("objects")]
    rows = [
        (
            Cell(row["name"], color=colors.get(row["name"])),
            Cell(whole(row["images"])),
            Cell(whole(row["objects"])),
            Cell(whole(row.get("area_px"))),
            Cell(decimal(row.get("area_percent"), 2)),
        )
        for row in present
    ]
    note = f"{plural(len(absent), 'class', 'classes')} without objects: {', '.join(absent)}." if absent else ""
    columns = ("class", "pictures", "objects", "area, px", "area, %")
    return Table(title="Classes", columns=columns, rows=rows, numeric=frozenset(range(1, 5)), note=note)


def _checkpoint_table(section: ModelSection, val: Sequence[Mapping[str, Any]], best: int | None) -> Table:
    names = sorted({name for line in val for name in line.get("iou") or {}})[:4]
    on_disk = {entry["checkpoint"] for entry in section.checkpoints}
    rows: list[tuple[Cell, ...]] = []
    highlighted: set[int] = set()
    faint: set[int] = set()
    for place, line in enumerate(val):
        number, ious = line["checkpoint"], line.get("iou") or {}
        is_chosen = number == section.chosen
        words = {"best": number == best, "last": line is val[-1], "chosen": is_chosen}
        if on_disk and number not in on_disk:
            faint.add(place)
        if number == best or is_chosen:
            highlighted.add(place)
        rows.append(
            (
                Cell(str(number), marks=tuple(word for word, true in words.items() if true)),
                Cell(f"{line['epoch']:.2f}".rstrip("0").rstrip(".")),
                Cell(decimal(_train_loss(section.history, line, val[place - 1] if place else None))),
                Cell(decimal(line.get("loss"))),
                Cell(decimal(line.get("accuracy"), 4)),
                *(Cell(decimal(ious.get(name), 3)) for name in names),
                Cell(decimal(line.get("mean_iou"), 3)),
            )
        )
    gone = " Pale rows: the model no longer has that checkpoint." if faint else ""
    columns = (
        "checkpoint",
        "epoch",
        "train loss",
        "val loss",
        "accuracy",
        *(f"IoU {name}" for name in names),
        "mean IoU",
    )
    return Table(
        title="Checkpoints",
        columns=columns,
        rows=rows,
        numeric=frozenset(range(1, len(columns))),
        highlighted=frozenset(highlighted),
        faint=frozenset(faint),
        note="Train loss: the mean over the steps since the checkpoint before." + gone,
        wide=True,
    )


def _train_loss(
    history: Sequence[Mapping[str, Any]], line: Mapping[str, Any], before: Mapping[str, Any] | None
) -> float | None:
    first = before["step"] if before else 0
    losses = [
        entry["loss"]
        for entry in history
        if entry.get("kind") == "train" and first < entry["step"] <= line["step"] and entry.get("loss") is not None
    ]
    return sum(losses) / len(losses) if losses else None


def _evaluation_blocks(evaluation: Mapping[str, Any], colors: Mapping[str, RGB]) -> list[Block]:
    classes: Mapping[str, Mapping[str, Any]] = evaluation.get("classes", {})
    ious = {name: row.get("iou") for name, row in classes.items()}
    pictures = {
        name: [v for p in evaluation.get("pictures", ()) if (v := picture_iou(p, name)) is not None] for name in classes
    }
    measures = ("iou", "dice", "precision", "recall")
    rows = [
        (
            Cell(name, color=colors.get(name)),
            *(Cell(decimal(row.get(key), 3), share=row.get(key) if key == "iou" else None) for key in measures),
        )
        for name, row in classes.items()
    ]
    columns = ("class", "IoU", "Dice", "precision", "recall")
    return [
        Table(title="Evaluation", columns=columns, rows=rows, numeric=frozenset(range(1, 5))),
        Chart("IoU by class and picture", charts.iou_chart(ious, pictures, colors)),
    ]


def picture_iou(picture: Mapping[str, Any], name: str) -> float | None:
    """A class's IoU on one picture of an evaluation; None where the class is on neither side."""
    found = picture.get("iou")
    if found is None:
        found = picture.get("classes")
    if isinstance(found, Mapping):
        found = found.get(name)
    return found.get("iou") if isinstance(found, Mapping) else found


def _gallery(title: str, examples: Sequence[Example]) -> list[Block]:
    shown = examples[:MOST_EXAMPLES]
    return [Gallery(title, shown, "Click a picture to enlarge it; the arrow keys go on.")] if shown else []
