"""Sections -> what is shown of them: the facts at the head, tables, charts and galleries."""

from collections.abc import Mapping, Sequence
from typing import Any

from kittiseg.report import charts
from kittiseg.report.blocks import ENLARGE, SLIDE, Block, Cell, Chart, Fact, Gallery, Table, View, settings_table
from kittiseg.report.colors import RGB
from kittiseg.report.graph import query_graph
from kittiseg.report.model_view import model_view
from kittiseg.report.sections import Example, ModelSection, PredictionSection, ProjectSection, Section, SweepSection
from kittiseg.report.sweep_view import sweep_view
from kittiseg.report.wording import counts, decimal, plural, whole

MOST_EXAMPLES = 12


def view_of(section: Section) -> View:
    """How the section is shown."""
    if isinstance(section, SweepSection):
        return sweep_view(section)
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
    if section.examples:
        shown = section.examples[:MOST_EXAMPLES]
        caption = " ".join([*_order(len(shown), evaluation), SLIDE, ENLARGE])
        blocks.append(Gallery("Predictions", shown, caption, section.predicted))
    blocks += settings_table("Settings", section.settings)
    return View("predictions", section.name, facts, blocks)


def _order(shown: int, evaluation: Mapping[str, Any] | None) -> list[str]:
    """How the examples were chosen, where they were by their scores."""
    if not evaluation:
        return []
    images = evaluation.get("images") or shown
    return ["The worst first."] if images <= shown else [f"{shown} of {images} pictures, from the worst to the best."]


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
    return [Gallery(title, shown, ENLARGE)] if shown else []
