"""Charts of a training as inline SVG: loss, metrics, learning rate and throughput by epoch."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kittiseg.report.charts import WIDTH, line_colors, number
from kittiseg.report.colors import ACCENT, CARD, INK, MARK, MUTED, RGB
from kittiseg.report.svg import new_figure, to_svg
from kittiseg.report.wording import decimal

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WAITED = "waited"
"""Of a step's record: the share (0..1) of the time that the network waited for data. Older histories lack it."""

_TRAIN_LINE = "#7f9ae0"
_MOST_POINTS = 1200
_MOST_CLASSES = 8
_FEW_CLASSES = 3
_MOST_RATES = 6  # so many learning rates stand at the axis themselves

Records = Sequence[Mapping[str, Any]]
"""Lines of history.jsonl."""


def loss_chart(history: Records, *, best: int | None = None, chosen: int | None = None) -> str:
    """The training loss of every step, pale, and smoothed; validation losses as points; two checkpoints marked."""
    train, val = of_kind(history, "train"), of_kind(history, "val")
    with new_figure(width=WIDTH, height=3.2) as figure:
        axes = figure.add_subplot()
        losses = _draw_steps(axes, train, "loss", label="training, smoothed")
        if len(losses):
            axes.set_ylim(0, _upper(smoothed(losses), [number(line.get("loss")) for line in val]))
        if val:
            axes.plot(*_curve(val, "loss"), color=ACCENT, linewidth=1.2, marker="o", markersize=3.5, label="validation")
        _mark_checkpoints(axes, val, best=best, chosen=chosen)
        axes.set(xlabel="epoch", ylabel="loss")
        _finish(axes)
        return to_svg(figure, label=_loss_label(train, val, best))


def metric_chart(
    history: Records,
    colors: Mapping[str, RGB] | None = None,
    *,
    best: int | None = None,
    chosen: int | None = None,
) -> str:
    """IoU of each class at every validation, their mean, and the pixel accuracy.

    Dice is dashed, and the IoU on whole pictures, which a validation may have under ``whole``, are diamonds; of more
    than three classes, the diamonds are the mean alone and Dice is left out. Beyond eight classes only those with the
    highest last IoU are drawn. ``best``, ``chosen``: checkpoints to mark.
    """
    train, val = of_kind(history, "train"), of_kind(history, "val")
    last = (val[-1].get("iou") or {}) if val else {}
    names = sorted(last, key=lambda name: -number(last[name]))[:_MOST_CLASSES]
    drawn = line_colors(names, colors)
    few = names if len(names) <= _FEW_CLASSES else []
    with new_figure(width=WIDTH, height=3.2 + 0.12 * len(names)) as figure:
        axes = figure.add_subplot()
        epochs, accuracies = _curve(train, "accuracy")
        axes.plot(*thinned(epochs, smoothed(accuracies)), color=_TRAIN_LINE, linewidth=1, label="accuracy, training")
        axes.plot(*_curve(val, "accuracy"), color=MUTED, linewidth=1, label="accuracy, validation")
        for name in names:
            ious = _curve(val, "iou", name)
            axes.plot(*ious, color=drawn[name], linewidth=1.5, marker="o", markersize=3, label=f"IoU {name}")
        if len(last) > 2:
            axes.plot(*_curve(val, "mean_iou"), color=INK, linewidth=2, label=f"mean IoU of {len(last)} classes")
        for name in few:
            axes.plot(*_curve(val, "dice", name), color=drawn[name], linestyle=(0, (3, 2)), linewidth=1)
        if few:
            axes.plot([], [], color=MUTED, linestyle=(0, (3, 2)), linewidth=1, label="Dice")
        _draw_whole(axes, val, {name: drawn[name] for name in few})
        _mark_checkpoints(axes, val, best=best, chosen=chosen, at=0.2)
        axes.set(xlabel="epoch", ylim=(0, 1.02))
        _finish(axes)
        words = ", ".join(f"IoU {name} {decimal(last[name], 3)}" for name in names)
        return to_svg(figure, label=f"Metrics at every validation. Last: {words or 'none'}")


def rate_chart(history: Records) -> str:
    """The learning rate of every step, on a logarithmic axis where it falls to less than a tenth."""
    epochs, rates = _curve(of_kind(history, "train"), "lr")
    several = sorted({float(rate) for rate in rates})
    with new_figure(width=WIDTH, height=1.9) as figure:
        axes = figure.add_subplot()
        axes.plot(*thinned(epochs, rates), color=ACCENT, linewidth=1.5, drawstyle="steps-mid")
        highest = max(several, default=1.0) or 1.0
        positive = [rate for rate in several if rate > 0]
        if positive and highest / positive[0] > 10:
            axes.set_yscale("log")
            axes.set_ylim(max(positive[0], highest * 1e-4) / 1.4, highest * 1.4)
        else:
            axes.set_ylim(0, highest * 1.15)
        if 0 < len(several) <= _MOST_RATES:
            axes.set_yticks(several, [f"{rate:.3g}" for rate in several])
            axes.tick_params(axis="y", which="minor", left=False, labelleft=False)
        axes.set(xlabel="epoch", ylabel="learning rate")
        axes.grid(axis="y")
        first, last = (f"{rates[place]:.3g}" if len(rates) else "none" for place in (0, -1))
        return to_svg(figure, label=f"Learning rate: {first} at first, {last} at last")


def throughput_chart(history: Records) -> str:
    """Pictures a second at every step, pale, and smoothed; below, where it is known, the time waited for data."""
    train = of_kind(history, "train")
    waited = waiting(history) is not None
    with new_figure(width=WIDTH, height=3.2 if waited else 2.2) as figure:
        rows = 2 if waited else 1
        panels = figure.subplots(rows, 1, sharex=True, squeeze=False, height_ratios=(2, 1)[:rows])[:, 0]
        speeds = _draw_steps(panels[0], train, "samples_per_s", label="smoothed")
        panels[0].set_ylim(0, max([*speeds, 1e-9]) * 1.1)
        panels[0].set_ylabel("pictures/s")
        if waited:
            epochs, shares = _curve(train, WAITED)
            panels[1].fill_between(*thinned(epochs, 100 * smoothed(shares)), color=ACCENT, alpha=0.35, linewidth=0)
            panels[1].set(ylim=(0, 100), yticks=(0, 50, 100), ylabel="waited, %")
        for axes in panels:
            axes.grid(axis="y")
        panels[-1].set_xlabel("epoch")
        return to_svg(figure, label=_throughput_label(history))


def of_kind(history: Records, kind: str) -> list[Mapping[str, Any]]:
    """The records of steps (``train``) or of validations (``val``)."""
    return [line for line in history if line.get("kind") == kind]


def speed(history: Records) -> float | None:
    """Pictures a second: the median over the steps; None where no step tells."""
    _, values = _curve(of_kind(history, "train"), "samples_per_s")
    return float(np.median(values)) if len(values) else None


def waiting(history: Records) -> float | None:
    """The share (0..1) of the time that was waited for data, the mean of the steps; None where no step tells."""
    _, values = _curve(of_kind(history, "train"), WAITED)
    return float(np.mean(values)) if len(values) else None


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


def _draw_steps(axes: "Axes", train: Records, key: str, *, label: str) -> np.ndarray:
    """A value of every step, pale, and its smoothed line; gives the values."""
    epochs, values = _curve(train, key)
    if len(values):
        axes.plot(*thinned(epochs, values), color=_TRAIN_LINE, alpha=0.55, linewidth=0.7, label="each step")
        axes.plot(*thinned(epochs, smoothed(values)), color=_TRAIN_LINE, linewidth=1.8, label=label)
    return values


def _draw_whole(axes: "Axes", val: Records, drawn: Mapping[str, str]) -> None:
    """Diamonds for the IoU on whole pictures, where a validation has it: of the classes ``drawn``, or else the mean."""
    whole = [{"epoch": line["epoch"], **line["whole"]} for line in val if line.get("whole")]
    look: dict[str, Any] = {"linestyle": "", "marker": "D", "markersize": 5.5, "markeredgecolor": CARD}
    for name, color in drawn.items():
        axes.plot(*_curve(whole, "iou", name), color=color, **look)
    if whole and drawn:
        axes.plot([], [], color=MUTED, label="IoU on whole pictures", **look)
    elif whole:
        axes.plot(*_curve(whole, "mean_iou"), color=INK, label="mean, whole pictures", **look)


def _curve(lines: Records, key: str, name: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Epochs and values of the lines that have one under ``key``, or under ``name`` in what lies there."""
    values = [line.get(key) if name is None else (line.get(key) or {}).get(name) for line in lines]
    kept = [(line["epoch"], value) for line, value in zip(lines, values, strict=True) if value is not None]
    points = np.array(kept, float).reshape(-1, 2)
    return points[:, 0], points[:, 1]


def _upper(smooth: np.ndarray, val: Sequence[float]) -> float:
    """The top of the loss axis: a wild first validation or single step does not flatten the rest."""
    finite = [value for value in val if np.isfinite(value)]
    usual = float(np.median(finite)) * 2.5 if finite else 0.0
    highest = max([float(np.nanmax(smooth)), min(max(finite, default=0.0), usual)])
    return highest * 1.12 if highest > 0 and np.isfinite(highest) else 1.0


def _mark_checkpoints(axes: "Axes", val: Records, *, best: int | None, chosen: int | None, at: float = 1.0) -> None:
    """Vertical lines; ``at``: the height of their words, 0 at the bottom, 1 at the top."""
    places = {line["checkpoint"]: line["epoch"] for line in val}
    marks = {number: word for number, word in ((chosen, "chosen"), (best, "best")) if number in places}
    if best == chosen and best in places:
        marks = {best: "best, chosen"}
    middle = (min(places.values()) + max(places.values())) / 2 if places else 0
    for row, (checkpoint, word) in enumerate(marks.items()):
        epoch = places[checkpoint]
        color = MARK if "best" in word else INK
        axes.axvline(epoch, color=color, linewidth=1.2, linestyle=(0, (4, 2)))
        side = "right" if epoch > middle else "left"
        axes.annotate(
            f"{word}: {checkpoint}",
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


def _finish(axes: "Axes") -> None:
    """A grid, and a legend below where there is anything to tell apart."""
    axes.grid(axis="y")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3)


def _loss_label(train: Records, val: Records, best: int | None) -> str:
    losses = {line["checkpoint"]: line["loss"] for line in val if line.get("loss") is not None}
    text = f"Loss over {len(train)} training steps and {len(val)} validations."
    return text + (f" Best: checkpoint {best}, loss {losses[best]:.4f}." if best in losses else "")


def _throughput_label(history: Records) -> str:
    median, share = speed(history), waiting(history)
    text = "Throughput" if median is None else f"Throughput: {median:.1f} pictures/s in the median"
    return text if share is None else f"{text}, {share:.0%} of the time waited for data"
