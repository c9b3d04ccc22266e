"""Results as tables for people."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kittiseg.cli.console import WIDE, plain_console
from kittiseg.report.wording import duration
from kittiseg.training.scores import FEW_CLASSES

if TYPE_CHECKING:
    from kittiseg.dtl import Plan
    from kittiseg.evaluation.compare import Evaluation
    from kittiseg.pipeline import Calibrated, Imported, Lineage, Predicted, PredictionPlan, Transformed, WindowsShown
    from kittiseg.project.meta import ProjectMeta
    from kittiseg.project.statistics import ProjectStatistics

_BAR_WIDTH = 24


def show_imported(out: Console, imported: "Sequence[Imported]") -> None:
    table = new_table("project", "pictures", "objects", "left out")
    for entry in imported:
        table.add_row(entry.project, str(entry.images), str(entry.objects), str(len(entry.skipped)))
    print_table(out, table)


def show_listing(out: Console, listing: dict[str, Any]) -> None:
    table = new_table("project", "pictures", "classes", title=listing["workspace"])
    for project in listing["projects"]:
        table.add_row(project["name"], str(project["images"]), str(project["classes"]))
    if listing["projects"]:
        print_table(out, table)
    else:
        out.print(f"{listing['workspace']}: no projects yet; begin with kittiseg import")
    out.print(f"models: {', '.join(listing['models']) or 'none yet'}")


def show_statistics(out: Console, statistics: "ProjectStatistics", meta: "ProjectMeta") -> None:
    """Classes by area with bars in their colours; those that never occur in one line below."""
    table = new_table("class", "pictures", "objects", "area px", "area %", title=statistics.project)
    table.add_column("")
    bar_width = min(_BAR_WIDTH, max(1, out.width - 60))
    seen = [entry for entry in statistics.classes if entry.objects]
    largest = max((entry.area_percent for entry in seen), default=0.0) or 1.0
    colors = meta.colors
    for entry in seen:
        length = max(1, round(bar_width * entry.area_percent / largest)) if entry.area_px else 0
        red, green, blue = colors.get(entry.name, (128, 128, 128))
        table.add_row(
            Text(entry.name),
            str(entry.images),
            str(entry.objects),
            f"{entry.area_px:,}",
            f"{entry.area_percent:.2f}",
            Text("█" * length, style=f"rgb({red},{green},{blue})"),
        )
    print_table(out, table)
    never = [entry.name for entry in statistics.classes if not entry.objects]
    sizes = _few([f"{size} px ({count})" for size, count in statistics.sizes.items()])
    datasets = ", ".join(f"{name} ({count})" for name, count in statistics.datasets.items())
    tags = ", ".join(f"{name} ({count})" for name, count in statistics.tags.items())
    lines = {"pictures": str(statistics.images), "data sets": datasets, "sizes": sizes, "tags": tags}
    lines["never seen"] = ", ".join(never)
    for title, text in lines.items():
        if text:
            out.print(f"{title}: {text}")


def show_plan(out: Console, plan: "Plan") -> None:
    """Layer by layer how many pictures go where, with classes and tags where they change; then what is written."""
    out.print(f"makes '{plan.output}' of {plan.sources} pictures\n")
    classes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    for layer in plan.layers:
        leaving = ", ".join(f"{count} -> {dst}" for count, dst in zip(layer.pictures, layer.dst, strict=True))
        head = Text(f"{layer.pointer:<4}") + Text(f"{layer.action:<12}", style="bold")
        out.print(head + Text(f"{', '.join(layer.src)} : {leaving}"))
        lines = [] if layer.settings == "{}" else [layer.settings]
        lines += [layer.survey] if layer.survey else []
        lines += [] if layer.classes == classes else [f"classes: {_few(layer.classes)}"]
        lines += [] if layer.tags == tags else [f"tags: {_few(layer.tags)}"]
        for line in lines:
            out.print(Text(" " * 16 + line, style="dim"), overflow="ellipsis", no_wrap=True, soft_wrap=False)
        classes, tags = layer.classes, layer.tags
    datasets = ", ".join(f"{name} ({count})" for name, count in plan.datasets.items())
    out.print(f"\n{plan.pictures} pictures, about {plan.bytes / 1e6:.1f} MB, in {datasets or 'no data set'}")
    for warning in plan.warnings:
        out.print(f"warning: {warning}", style="yellow")


def show_transformed(out: Console, made: "Transformed") -> None:
    table = new_table("project", "data set", "pictures", "tags")
    tags = ", ".join(f"{name} {count}" for name, count in made.tags.items())
    for dataset, count in made.datasets.items():
        table.add_row(made.project, dataset, str(count), tags)
    print_table(out, table)
    out.print(f"digest {made.digest}")


def show_lineage(out: Console, found: "Lineage") -> None:
    """The source, then layer by layer what was drawn or chosen, then what of the source is seen."""
    out.print(f"{found.picture}\n  of {found.source}, seed {found.seed}, digest {found.digest}")
    for deed in found.deeds:
        head = Text(f"  /{deed.layer:<4}") + Text(f"{deed.action:<14}", style="bold")
        out.print(head + Text(", ".join(_deed_words(name, value) for name, value in deed.did.items())))
    if found.view is None:
        out.print("  its pixels were changed, so it is no window of its source")
        return
    window = found.view.window
    mirrored = " and ".join({"vertical": "left for right", "horizontal": "top for bottom"}[a] for a in found.view.axes)
    place = f"{window.size} px at ({window.left}, {window.top}) of its source"
    out.print(f"  shows {place}{f', mirrored {mirrored}' if mirrored else ''}")


def _deed_words(name: str, value: Any) -> str:
    if name == "window" and isinstance(value, list) and len(value) == 4:
        return f"window {value[2]} x {value[3]} px at ({value[0]}, {value[1]})"
    return f"{name} {value:.6g}" if isinstance(value, float) else f"{name} {json.dumps(value, ensure_ascii=False)}"


def show_windows(out: Console, shown: "WindowsShown") -> None:
    few = f" in {shown.frames} frames" if shown.frames <= shown.windows else ""
    few += f", {shown.skipped} skipped" if shown.skipped else ""
    out.print(f"{shown.file}: {shown.windows} windows over {shown.picture}{few}, {shown.bytes / 1e6:.2f} MB")


def show_checkpoints(out: Console, listing: dict[str, Any]) -> None:
    """One line per checkpoint; the marks say which is best, by what the title names, and which is last.

    Many classes would not fit a line: it then has their mean, and a table below has those of the best checkpoint.
    """
    classes, best_by = list(listing["classes"]), listing["best_by"]
    many = len(classes) > FEW_CLASSES
    has_whole = any("whole" in entry for entry in listing["checkpoints"])
    table = new_table(
        *("checkpoint", "epoch", "loss", "accuracy"),
        *(["mean IoU"] if many else [f"IoU {name}" for name in classes]),
        *(["whole pictures"] if has_whole else []),
        title=f"{listing['model']}, best by {'the lowest loss' if best_by == 'loss' else f'the highest {best_by}'}",
    )
    table.add_column("")
    for entry in listing["checkpoints"]:
        table.add_row(
            str(entry["checkpoint"]),
            f"{entry['epoch']:.2f}",
            f"{entry['loss']:.4f}",
            _share(entry["accuracy"]),
            *([_share(entry["mean_iou"])] if many else [_share(entry["iou"].get(name)) for name in classes]),
            *([_share(entry.get("whole", {}).get("mean_iou"))] if has_whole else []),
            Text(" ".join(entry["marks"]), style="bold green" if "best" in entry["marks"] else ""),
        )
    print_table(out, table)
    if many:
        _show_ious(out, next(entry for entry in listing["checkpoints"] if "best" in entry["marks"]))
    for text in listing["damaged"]:
        out.print(f"damaged: {text}", style="yellow")


def _show_ious(out: Console, entry: dict[str, Any]) -> None:
    table = new_table("class", "IoU", title=f"checkpoint {entry['checkpoint']}")
    for name, value in entry["iou"].items():
        table.add_row(name, _share(value))
    print_table(out, table)


def show_calibrated(out: Console, found: "Calibrated") -> None:
    table = new_table("", "temperature", "NLL", "ECE", title=f"{found.model}, checkpoint {found.checkpoint}")
    for word, temperature, scores in (("before", 1.0, found.before), ("after", found.temperature, found.after)):
        table.add_row(word, f"{temperature:.4f}", f"{scores['nll']:.4f}", f"{scores['ece']:.4f}")
    print_table(out, table)
    out.print(f"over {found.pixels:,} pixels of {found.pictures} validation pictures of {found.source}")


def show_prediction_plan(out: Console, plan: "PredictionPlan") -> None:
    """Size by size, then what it comes to, or comes to at most where windows are skipped by what is seen in them."""
    most = "at most " if plan.windows_at_least < plan.windows else ""
    table = new_table(
        "px", "pictures", "windows at most" if most else "windows each", "batches", "times seen", "parts", "memory"
    )
    for size in plan.sizes:
        shape, seen = f"{size.width} x {size.height}", f"{size.amplification:.2f}"
        counted = (str(size.pictures), f"{size.windows:.1f}".removesuffix(".0"), str(size.batches))
        table.add_row(shape, *counted, seen, str(size.parts), _memory(size.memory))
    print_table(out, table)
    if plan.others:
        out.print(f"and {plan.others} other size{'' if plan.others == 1 else 's'}")
    batches = f"{plan.batches} batches of {plan.batch_size}"
    batches += f" (at least {plan.windows_at_least})" if most else ""
    batches += f", {plan.skipped} skipped" if plan.skipped else ""
    seen = f"a px is seen {most}{plan.amplification:.2f} times"
    out.print(f"{plan.pictures} pictures, {most}{plan.windows} windows in {batches}; {seen}")
    out.print(f"memory: at most {_memory(plan.memory)} per worker, beside the network")
    on = "1 worker" if plan.workers == 1 else f"{plan.workers} workers"
    took = f"{most}about {duration(plan.seconds)} on {on}"
    out.print(f"computing: {took}, at {plan.seconds_per_batch:.3g} s a batch, measured")


def _memory(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def show_predicted(out: Console, made: "Predicted") -> None:
    skipped = {"skipped": str(made.skipped)} if made.skipped else {}
    table = new_table("project", "pictures", "windows", *skipped, "seconds", "pictures/s")
    speed = made.images / made.seconds if made.seconds else 0.0
    counted = (str(made.images), str(made.windows), *skipped.values())
    table.add_row(made.project, *counted, f"{made.seconds:.1f}", f"{speed:.2f}")
    print_table(out, table)


def show_evaluation(out: Console, evaluation: "Evaluation") -> None:
    table = new_table("class", "IoU", "Dice", "precision", "recall")
    document = evaluation.to_json()
    for name, scores in document["classes"].items():
        table.add_row(name, *(_share(scores[key]) for key in ("iou", "dice", "precision", "recall")))
    table.add_section()
    table.add_row("mean IoU", _share(document["mean_iou"]), "", "", "")
    print_table(out, table)
    out.print(f"over {document['images']} pictures")


def _few(names: Sequence[str], most: int = 8) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) or "none") + rest


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def new_table(first: str, *numbers: str, title: str | None = None) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(first)
    for name in numbers:
        table.add_column(name, justify="right")
    return table


def print_table(out: Console, table: Table) -> None:
    """In its full width, whatever the terminal's: a wrapped number can still be read, one cut off cannot."""
    plain_console(out.file, width=WIDE).print(table)
