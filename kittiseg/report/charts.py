"""Charts as inline SVG: losses and metrics of a training, shares of classes, IoU."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kittiseg.project.meta import ProjectMeta, palette
from kittiseg.report.colors import ACCENT, CARD, INK, MARK, MUTED, RGB, hexadecimal, legible
from kittiseg.report.svg import new_figure, to_svg
from kittiseg.report.wording import decimal

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TRAIN_LINE = "#7f9ae0"
_WIDTH = 5.6  # inches: half a page
_MOST_POINTS = 1200
_MOST_CLASSES = 8
MOST_BARS = 20


def loss_chart(history: Sequence[Mapping[str, Any]], *, best: int | None = None, chosen: int | None = None) -> str:
    """The training loss of every step, pale, and smoothed; validation losses as points; two checkpoints marked."""
    train = [line for line in history if line.get("kind") == "train"]
    val = [line for line in history if line.get("kind") == "val"]
    with new_figure(width=_WIDTH, height=3.2) as figure:
        axes = figure.add_subplot()
        epochs, losses = _curve(train, "loss")
        if len(epochs):
            smooth = smoothed(losses)
            axes.plot(*thinned(epochs, losses), color=_TRAIN_LINE, alpha=0.55, linewidth=0.7, label="each step")
            axes.plot(*thinned(epochs, smooth), color=_TRAIN_LINE, linewidth=1.8, label="training, smoothed")
            axes.set_ylim(0, _upper(smooth, [_number(line.get("loss")) for line in val]))
        if val:
            axes.plot(*_curve(val, "loss"), color=ACCENT, linewidth=1.2, marker="o", markersize=3.5, label="validation")
        _mark_checkpoints(axes, val, best=best, chosen=chosen)
        axes.set(xlabel="epoch", ylabel="loss")
        axes.grid(axis="y")
        if train or val:
            axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3)
        return to_svg(figure, label=_loss_label(train, val, best))


def metric_chart(
    history: Sequence[Mapping[str, Any]],
    colors: Mapping[str, RGB] | None = None,
    *,
    best: int | None = None,
    chosen: int | None = None,
) -> str:
    """IoU (full line) and Dice (dashed) of each class and the pixel accuracy at every validation.

    Beyond eight classes only those with the highest last IoU are drawn. ``best``, ``chosen``: checkpoints to mark.
    """
    val = [line for line in history if line.get("kind") == "val"]
    last = (val[-1].get("iou") or {}) if val else {}
    names = sorted(last, key=lambda name: -_number(last[name]))[:_MOST_CLASSES]
    drawn = _line_colors(names, colors)
    with new_figure(width=_WIDTH, height=3.2) as figure:
        axes = figure.add_subplot()
        accuracies = [_number(line.get("accuracy")) for line in val]
        axes.plot([line["epoch"] for line in val], accuracies, color=MUTED, linewidth=1, label="pixel accuracy")
        for name in names:
            for key, dash in (("iou", "-"), ("dice", (0, (3, 2)))):
                values = [_number((line.get(key) or {}).get(name)) for line in val]
                label = f"{'IoU' if key == 'iou' else 'Dice'} {name}"
                marker = "o" if key == "iou" else ""
                axes.plot(
                    [line["epoch"] for line in val],
                    values,
                    color=drawn[name],
                    linestyle=dash,
                    marker=marker,
                    markersize=3,
                    linewidth=1.5,
                    label=label,
                )
        _mark_checkpoints(axes, val, best=best, chosen=chosen, at=0.2)
        axes.set(xlabel="epoch", ylim=(0, 1.02))
        axes.grid(axis="y")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3)
        words = ", ".join(f"IoU {name} {decimal(last[name], 3)}" for name in names)
        return to_svg(figure, label=f"Metrics at every validation. Last: {words or 'none'}")


def class_chart(classes: Sequence[Mapping[str, Any]], colors: Mapping[str, RGB]) -> str:
    """Share of area, number of pictures and of objects of each class, the largest area on top.

    ``classes`` has name, images, objects, area_percent; at most 20 of those with objects are drawn.
    """
    present = sorted((row for row in classes if row["objects"]), key=lambda row: -_number(row["area_percent"]))[
        :MOST_BARS
    ]
    rows = list(reversed(present))
    fills = [hexadecimal(legible(color)) for color in palette_of(colors, [row["name"] for row in rows]).values()]
    with new_figure(width=_WIDTH, height=0.75 + 0.27 * max(len(rows), 1)) as figure:
        panels = figure.subplots(1, 3, sharey=True, width_ratios=(2.6, 1, 1))
        columns = (("area_percent", "share of area"), ("images", "pictures"), ("objects", "objects"))
        for axes, (key, title) in zip(panels, columns, strict=True):
            values = [_number(row[key]) for row in rows]
            axes.barh([row["name"] for row in rows], values, height=0.68, color=fills)
            for place, value in enumerate(values):
                text = f" {value:.2f} %" if key == "area_percent" else f" {value:,.0f}"
                axes.text(value, place, text, va="center", fontsize=8, color=INK)
            axes.set_xlim(0, max([*values, 1e-9]) * (1.32 if key == "area_percent" else 1.75))
            axes.set_title(title)
            axes.spines[["bottom", "left"]].set_visible(False)
            axes.tick_params(left=False, bottom=False, labelbottom=False, labelcolor=INK)
        words = ", ".join(f"{row['name']} {_number(row['area_percent']):.2f} %" for row in present[:5])
        return to_svg(figure, label=f"Share of all pixels by class: {words or 'no objects'}")


def iou_chart(
    classes: Mapping[str, float | None], pictures: Mapping[str, Sequence[float]], colors: Mapping[str, RGB]
) -> str:
    """The IoU of each class over all pictures as a bar, and that of each single picture as a dot on it."""
    names = sorted(classes, key=lambda name: _number(classes[name]))
    fills = _line_colors(names, colors)
    with new_figure(width=_WIDTH, height=0.9 + 0.42 * max(len(names), 1)) as figure:
        axes = figure.add_subplot()
        for place, name in enumerate(names):
            value = _number(classes[name])
            axes.barh([name], [value], height=0.6, color=fills[name], alpha=0.35)
            axes.plot([value, value], [place - 0.36, place + 0.36], color=fills[name], linewidth=2.5)
            single = np.asarray(pictures.get(name, ()), float)
            offsets = (np.arange(len(single)) * 0.618 % 1 - 0.5) * 0.4
            axes.plot(single, place + offsets, "o", color=fills[name], markersize=3.5, alpha=0.8, markeredgewidth=0)
            axes.text(1.02, place, decimal(value, 3), va="center", weight="bold", color=INK)
        axes.set(xlim=(0, 1.1), xticks=[0, 0.2, 0.4, 0.6, 0.8, 1], xlabel="IoU: bar over all pictures, dots one each")
        axes.set_ylim(-0.6, max(len(names), 1) - 0.4)
        axes.grid(axis="x")
        axes.spines["bottom"].set_visible(False)
        axes.tick_params(axis="y", left=False, labelcolor=INK)
        words = ", ".join(f"{name} {decimal(classes[name], 3)}" for name in reversed(names))
        return to_svg(figure, label=f"IoU by class: {words}")


def smoothed(values: np.ndarray) -> np.ndarray:
    """The mean of the values around each, over a fortieth of the curve; at its ends over what there is."""
    reach = max(1, len(values) // 80)
    sums = np.concatenate([[0.0], np.cumsum(values, dtype=float)])
    places = np.arange(len(values))
    first, last = np.maximum(places - reach, 0), np.minimum(places + reach + 1, len(values))
    return (sums[last] - sums[first]) / (last - first)


def thinned(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """At most 1200 points of a curve: of each stretch its lowest and its highest, so that peaks stay."""
    if len(x) <= _MOST_POINTS:
        return x, y
    stretches = np.array_split(np.arange(len(x)), _MOST_POINTS // 2)
    kept = sorted({int(s[pick(y[s])]) for s in stretches for pick in (np.argmin, np.argmax)})
    return x[kept], y[kept]


def palette_of(colors: Mapping[str, RGB] | None, names: Sequence[str]) -> dict[str, RGB]:
    """The colour of each name: the given one, or else one that follows from the name."""
    return {**palette(ProjectMeta(), names), **{name: colors[name] for name in names if colors and name in colors}}


def _line_colors(names: Sequence[str], colors: Mapping[str, RGB] | None) -> dict[str, str]:
    return {name: hexadecimal(legible(color)) for name, color in palette_of(colors, names).items()}


def _curve(lines: Sequence[Mapping[str, Any]], key: str) -> tuple[np.ndarray, np.ndarray]:
    kept = [(line["epoch"], line[key]) for line in lines if line.get(key) is not None]
    points = np.array(kept, float).reshape(-1, 2)
    return points[:, 0], points[:, 1]


def _upper(smooth: np.ndarray, val: Sequence[float]) -> float:
    """The top of the loss axis: a wild first validation or single step does not flatten the rest."""
    finite = [value for value in val if np.isfinite(value)]
    usual = float(np.median(finite)) * 2.5 if finite else 0.0
    highest = max([float(np.nanmax(smooth)), min(max(finite, default=0.0), usual)])
    return highest * 1.12 if highest > 0 and np.isfinite(highest) else 1.0


def _mark_checkpoints(
    axes: "Axes", val: Sequence[Mapping[str, Any]], *, best: int | None, chosen: int | None, at: float = 1.0
) -> None:
    """Vertical lines; ``at``: the height of their words, 0 at the bottom, 1 at the top."""
    places = {line["checkpoint"]: line["epoch"] for line in val}
    marks = {number: word for number, word in ((chosen, "chosen"), (best, "best")) if number in places}
    if best == chosen and best in places:
        marks = {best: "best, chosen"}
    middle = (min(places.values()) + max(places.values())) / 2 if places else 0
    for row, (number, word) in enumerate(marks.items()):
        epoch = places[number]
        color = MARK if "best" in word else INK
        axes.axvline(epoch, color=color, linewidth=1.2, linestyle=(0, (4, 2)))
        side = "right" if epoch > middle else "left"
        axes.annotate(
            f"{word}: {number}",
            (epoch, at),
            (-5 if side == "right" else 5, -3 - 13 * row),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha=side,
            va="top",
            color=color,
            weight="bold",
            fontsize=8.5,
            bbox={"facecolor": CARD, "edgecolor": "none", "pad": 1},
        )


def _loss_label(train: Sequence[Any], val: Sequence[Mapping[str, Any]], best: int | None) -> str:
    losses = {line["checkpoint"]: line["loss"] for line in val}
    text = f"Loss over {len(train)} training steps and {len(val)} validations."
    return text + (f" Best: checkpoint {best}, loss {losses[best]:.4f}." if best in losses else "")


def _number(value: Any) -> float:
    """NaN where a value is missing: a class that occurs nowhere has no IoU."""
    return float("nan") if value is None else float(value)
