"""How a model is shown: the curves of its training, its checkpoints, and the pictures it does worst and best on."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from kittiseg.report.blocks import ENLARGE, SLIDE, Block, Cell, Chart, Fact, Gallery, Table, View, settings_table
from kittiseg.report.reliability import Calibration, reliability_chart
from kittiseg.report.sections import Extremes, ModelSection
from kittiseg.report.training_charts import (
    Records,
    loss_chart,
    metric_chart,
    of_kind,
    rate_chart,
    speed,
    throughput_chart,
    waiting,
)
from kittiseg.report.wording import decimal, measure, whole, word

_MOST_COLUMNS = 4  # of classes, in the table of checkpoints


def model_view(section: ModelSection) -> View:
    """Loss, metrics, learning rate and throughput of the training, its checkpoints, pictures and configuration."""
    blocks = [*_charts(section), *_reliability(section.calibration), *checkpoint_tables(section)]
    if section.extremes is not None:
        blocks += _extremes(section.extremes, section.best)
    blocks += [*settings_table("Run", section.facts), *settings_table("Configuration", section.config)]
    return View("model", section.name, facts_of(section), blocks)


def facts_of(section: ModelSection) -> list[Fact]:
    """What stands at the head: how long, how good, how fast."""
    val = of_kind(section.history, "val")
    facts = [Fact(f"{val[-1]['epoch']:g}", "epochs")] if val else []
    facts.append(Fact(str(len(section.checkpoints) or len(val)), "checkpoints"))
    row = next((line for line in val if line["checkpoint"] == section.best), None)
    if row is not None:
        facts.append(Fact(decimal(row.get("loss")), f"validation loss (best: checkpoint {section.best})"))
        facts.append(Fact(decimal(row.get("mean_iou"), 3), f"mean IoU of checkpoint {section.best}"))
        if row.get("whole"):
            facts.append(Fact(decimal(row["whole"].get("mean_iou"), 3), "the same on whole pictures"))
    pace, waited = speed(section.history), waiting(section.history)
    if pace is not None:
        facts.append(Fact(decimal(pace, 1), "pictures/s in training"))
    if waited is not None:
        facts.append(Fact(f"{waited:.0%}", "of the time waited for data"))
    memory = [line["memory_mb"] for line in section.history if line.get("memory_mb") is not None]
    if memory:
        facts.append(Fact(f"{whole(max(memory))} MB", "memory at most"))
    restored = section.facts.get("restored_from")
    return [*facts, Fact(_origin(restored), "restored from")] if restored else facts


def _charts(section: ModelSection) -> list[Block]:
    if not section.history:
        return []
    marks = {"best": section.best, "chosen": section.chosen}
    metrics = metric_chart(section.history, section.colors, **marks)
    below = " Below, the share of the time that was waited for data." if waiting(section.history) is not None else ""
    return [
        Chart("Loss", loss_chart(section.history, **marks), best_rule(str(section.config.get("best_by", "loss")))),
        Chart("Learning rate", rate_chart(section.history)),
        Chart("Metrics", metrics, "From pixel counts summed over the whole validation set."),
        Chart("Throughput", throughput_chart(section.history), f"Pictures a second, and smoothed.{below}"),
    ]


def _reliability(found: Calibration | None) -> list[Block]:
    if found is None:
        return []
    note = f"Of checkpoint {found['checkpoint']}, over {whole(found['pixels'])} pixels of {found['source']}."
    return [Chart(f"Reliability, temperature {decimal(found['temperature'], 3)}", reliability_chart(found), note)]


def best_rule(best_by: str) -> str:
    """What makes a checkpoint the best."""
    end = "lowest" if best_by == "loss" else "highest"
    return f"The best checkpoint is the one with the {end} {measure(best_by)}."


def checkpoint_tables(section: ModelSection) -> list[Table]:
    """Every checkpoint with its scores; the best, the last and the chosen one are marked. No table before the first."""
    val = of_kind(section.history, "val")
    if not val:
        return []
    names = sorted({name for line in val for name in line.get("iou") or {}})[:_MOST_COLUMNS]
    has_whole = any(line.get("whole") for line in val)
    on_disk = {entry["checkpoint"] for entry in section.checkpoints} or {line["checkpoint"] for line in val}
    rows = []
    for line, train_loss in zip(val, _train_losses(section.history, val), strict=True):
        ious, scores = line.get("iou") or {}, line.get("whole") or {}
        rows.append(
            (
                Cell(str(line["checkpoint"]), marks=_marks(section, line["checkpoint"], val[-1]["checkpoint"])),
                Cell(f"{line['epoch']:.2f}".rstrip("0").rstrip(".")),
                Cell(decimal(train_loss)),
                Cell(decimal(line.get("loss"))),
                Cell(decimal(line.get("accuracy"), 4)),
                Cell(decimal(line.get("mean_iou"), 3)),
                *([Cell(decimal(scores.get("mean_iou"), 3))] if has_whole else []),
                *(Cell(decimal(ious.get(name), 3)) for name in names),
            )
        )
    columns = (
        *("checkpoint", "epoch", "train loss", "val loss", "accuracy", "mean IoU"),
        *(["on whole pictures"] if has_whole else []),
        *(f"IoU {name}" for name in names),
    )
    numbers = [line["checkpoint"] for line in val]
    faint = frozenset(place for place, number in enumerate(numbers) if number not in on_disk)
    gone = " Pale rows: the model no longer has that checkpoint." if faint else ""
    table = Table(
        title="Checkpoints",
        columns=columns,
        rows=rows,
        numeric=frozenset(range(1, len(columns))),
        highlighted=frozenset(i for i, number in enumerate(numbers) if number in (section.best, section.chosen)),
        faint=faint,
        note="Train loss: the mean over the steps since the checkpoint before." + gone,
        wide=True,
    )
    return [table]


def _marks(section: ModelSection, checkpoint: int, last: int) -> tuple[str, ...]:
    marked = {"best": section.best, "last": last, "chosen": section.chosen}
    return tuple(word for word, number in marked.items() if number == checkpoint)


def _train_losses(history: Records, val: Records) -> list[float | None]:
    """The mean training loss of the steps before each validation, from the one before it; None without steps."""
    known = [line for line in of_kind(history, "train") if line.get("loss") is not None]
    steps = np.array([line["step"] for line in known], int)
    sums = np.concatenate([[0.0], np.cumsum([line["loss"] for line in known])])
    ends = np.searchsorted(steps, [line["step"] for line in val], side="right")
    starts = [0, *ends[:-1]]
    return [
        float(sums[end] - sums[start]) / int(end - start) if end > start else None
        for start, end in zip(starts, ends, strict=True)
    ]


def _extremes(extremes: Extremes, checkpoint: int | None) -> list[Block]:
    if extremes.missing:
        return [Gallery("Validation pictures", (), extremes.missing)]
    caption = f"By the mean IoU of objects with checkpoint {checkpoint}, the best. {SLIDE} {ENLARGE}"
    sides = {"Worst validation pictures": extremes.worst, "Best validation pictures": extremes.best}
    return [Gallery(title, examples, caption, extremes.colors) for title, examples in sides.items() if examples]


def _origin(restored: Any) -> str:
    if isinstance(restored, Mapping) and "model" in restored:
        return f"{restored['model']}, checkpoint {restored.get('checkpoint')}"
    return word(restored)
