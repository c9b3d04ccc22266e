"""Parallel coordinates of a sweep as inline SVG: an axis for each parameter and one for the metric."""

from typing import TYPE_CHECKING, Any

from kittiseg.report.charts import WIDE, WIDTH
from kittiseg.report.colors import CARD, INK, MARK, MUTED, between_worst_and_best
from kittiseg.report.sections import SweepSection
from kittiseg.report.svg import new_figure, to_svg
from kittiseg.report.sweep_axes import Axis, metric_axis, parameter_axis
from kittiseg.report.sweep_charts import color_of, line_look
from kittiseg.report.sweep_labels import cut, short_labels, value_words, wrapped
from kittiseg.report.wording import measure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LETTER = 5.4  # points that a letter of a tick takes
_STRIPES = 40  # of the metric's axis, each in a colour of its own
_CLEAR = 0.05  # of an axis: so near to the best trial's metric no tick is written


def parallel_chart(section: SweepSection) -> str:
    """A line for each trial through its values, in the colour of its metric, which the last axis shows.

    The best trial's line lies on the others. That of a trial without a metric is dashed and ends before the last axis.
    """
    across = {each.pointer: parameter_axis(each, section.trials) for each in section.parameters}
    metric = metric_axis(section)
    width = WIDE if len(across) > 2 else WIDTH
    letters = max(int(width / (len(across) + 1.2) * 72 / _LETTER) - 2, 4)
    labels = short_labels(list(across))
    with new_figure(width=width, height=4, math=False) as figure:
        axes = figure.add_subplot()
        axes.set(xlim=(-0.1, len(across) + 0.1), ylim=(-0.03, 1.03))
        axes.axis("off")
        _draw_lines(axes, section, across, metric)
        for at, (pointer, axis) in enumerate(across.items()):
            axes.plot([at, at], [0, 1], color=INK, linewidth=1)
            _write_label(axes, at, wrapped(labels[pointer], letters))
            for place, words in axis.ticks:
                _write(axes, (at, place), cut(words, letters), side="left")
        _draw_metric(axes, len(across), metric, section)
        _write_label(axes, len(across), wrapped(measure(section.metric), max(letters, 10)))
        return to_svg(figure, label=_words(section))


def _draw_lines(axes: "Axes", section: SweepSection, across: dict[str, Axis], metric: Axis) -> None:
    look = line_look(len(section.trials))
    for trial in reversed(section.ranked):
        places = [axis.place(trial.parameters.get(pointer)) for pointer, axis in across.items()]
        places.append(metric.place(trial.metric))
        if trial.id == section.best:
            axes.plot(places, color=CARD, linewidth=5.5, zorder=2.1)
            axes.plot(places, color=MARK, linewidth=2.8, marker="o", markersize=5, zorder=2.2)
        elif trial.metric is not None:
            axes.plot(places, color=color_of(trial, metric, lowest=section.lowest), **look)
        else:
            axes.plot(places, color=MUTED, **{**look, "linewidth": 0.9, "linestyle": (0, (4, 3))})


def _draw_metric(axes: "Axes", at: int, metric: Axis, section: SweepSection) -> None:
    """The last axis as a strip of all colours; the best trial's metric beside it."""
    for stripe in range(_STRIPES):
        share = (stripe + 0.5) / _STRIPES
        color = between_worst_and_best(1 - share if section.lowest else share)
        ends = [stripe / _STRIPES, min((stripe + 1.5) / _STRIPES, 1.0)]  # no gap before the next
        axes.plot([at, at], ends, color=color, linewidth=6, solid_capstyle="butt")
    best = [trial for trial in section.trials if trial.id == section.best and trial.metric is not None]
    taken = [metric.place(trial.metric) for trial in best]
    for place, words in metric.ticks:
        if all(abs(place - other) > _CLEAR for other in taken):
            _write(axes, (at, place), words, side="right")
    for trial in best:
        words = f"{value_words(trial.metric)} best"
        _write(axes, (at, metric.place(trial.metric)), words, side="right", color=MARK, weight="bold")


def _write(axes: "Axes", point: tuple[float, float], words: str, *, side: str, **style: Any) -> None:
    """A tick's words beside an axis, legible upon lines."""
    axes.annotate(
        words,
        point,
        (-6, 0) if side == "left" else (8, 0),
        textcoords="offset points",
        ha="right" if side == "left" else "left",
        va="center",
        bbox={"facecolor": CARD, "edgecolor": "none", "pad": 1.2},
        zorder=4,
        **{"fontsize": 8, "color": MUTED, **style},
    )


def _write_label(axes: "Axes", at: int, label: str) -> None:
    axes.annotate(
        label, (at, 1), (0, 10), textcoords="offset points", ha="center", va="bottom", color=INK, weight="bold"
    )


def _words(section: SweepSection) -> str:
    best = next((trial for trial in section.trials if trial.id == section.best), None)
    text = f"Parallel coordinates of {len(section.trials)} trials and {len(section.parameters)} parameters."
    if best is None or best.metric is None:
        return text
    return f"{text} Best: trial {best.id}, {measure(section.metric)} {value_words(best.metric)}."
