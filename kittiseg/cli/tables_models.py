"""Models and what they predict, as tables for people."""

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from kittiseg.cli.tables import new_table, print_table
from kittiseg.report.wording import duration
from kittiseg.training.scores import FEW_CLASSES

if TYPE_CHECKING:
    from kittiseg.evaluation.compare import Evaluation
    from kittiseg.pipeline import Calibrated, Predicted, PredictionPlan


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


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
