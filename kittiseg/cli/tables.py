"""Results as tables for people."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kittiseg.cli.console import WIDE, plain_console
from kittiseg.report.wording import plural

if TYPE_CHECKING:
    from kittiseg.dtl import Plan
    from kittiseg.pipeline import Imported, Lineage, Transformed, WindowsShown
    from kittiseg.project.meta import ProjectMeta
    from kittiseg.project.statistics import ProjectStatistics

_BAR_WIDTH = 24


def show_imported(out: Console, imported: "Sequence[Imported]") -> None:
    table = new_table("project", "pictures", "objects", "left out")
    for entry in imported:
        table.add_row(entry.project, str(entry.images), str(entry.objects), str(len(entry.skipped)))
    print_table(out, table)


def show_listing(out: Console, listing: dict[str, Any]) -> None:
    """Projects that the trials of a sweep share are counted beside the sweep."""
    of_trials = {name for sweep in listing["sweeps"] for name in sweep["projects"]}
    shown = [project for project in listing["projects"] if project["name"] not in of_trials]
    table = new_table("project", "pictures", "classes", title=listing["workspace"])
    for project in shown:
        table.add_row(project["name"], str(project["images"]), str(project["classes"]))
    if shown:
        print_table(out, table)
    else:
        out.print(f"{listing['workspace']}: no projects yet; begin with kittiseg import")
    out.print(f"models: {', '.join(listing['models']) or 'none yet'}")
    sweeps = [f"{each['name']} ({_sweep_words(each)})" for each in listing["sweeps"]]
    if sweeps:
        out.print(f"sweeps: {', '.join(sweeps)}")


def _sweep_words(sweep: dict[str, Any]) -> str:
    words = [plural(sweep["trials"], "trial", "trials")]
    words += [plural(len(sweep["projects"]), "project", "projects")] if sweep["projects"] else []
    return " with ".join(words)


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


def _few(names: Sequence[str], most: int = 8) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) or "none") + rest


def new_table(first: str, *numbers: str, title: str | None = None) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(first)
    for name in numbers:
        table.add_column(name, justify="right")
    return table


def print_table(out: Console, table: Table) -> None:
    """In its full width, whatever the terminal's: a wrapped number can still be read, one cut off cannot."""
    plain_console(out.file, width=WIDE).print(table)
