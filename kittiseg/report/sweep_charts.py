"""Charts of a sweep as inline SVG: the metric against each parameter, and the curves of all trials."""

from typing import TYPE_CHECKING, Any

from kittiseg.report.charts import WIDE, WIDTH
from kittiseg.report.colors import ACCENT, CARD, MARK, MUTED, between_worst_and_best
from kittiseg.report.sections import SweepSection, TrialFacts
from kittiseg.report.svg import new_figure, to_svg
from kittiseg.report.sweep_axes import Axis, metric_axis, parameter_axis
from kittiseg.report.sweep_labels import short_labels, wrapped
from kittiseg.report.wording import measure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_COLUMNS = 4
_FEW_TRIALS = 40
_BELOW = -0.1  # where trials without a metric are crossed below a panel

LOOKS: dict[str, dict[str, Any]] = {
    "done": {"marker": "o", "markersize": 4.5},
    "stopped": {"marker": "o", "markersize": 4.5, "markerfacecolor": CARD},
    "running": {"marker": ">", "markersize": 4.5},
    "waiting": {"marker": ">", "markersize": 4.5},
    "failed": {"marker": "x", "markersize": 4.5},
}
"""How a trial's end is marked."""


def parameter_charts(section: SweepSection) -> str:
    """A panel for each parameter: its values across, the metric up; a cross at the foot for a trial without one."""
    parameters = section.parameters
    rows = -(-len(parameters) // _MOST_COLUMNS)
    columns = -(-len(parameters) // rows)
    axis, labels = metric_axis(section), short_labels([each.pointer for each in parameters])
    width = WIDE if len(parameters) > 2 else WIDTH
    with new_figure(width=width, height=0.4 + 2.3 * rows, math=False) as figure:
        panels = figure.subplots(rows, columns, sharey=True, squeeze=False).flat
        for at, (panel, parameter) in enumerate(zip(panels, parameters, strict=False)):
            across = parameter_axis(parameter, section.trials)
            _draw_points(panel, across, axis, section=section, pointer=parameter.pointer)
            _set_ticks(panel, across, letters=int(14 * width / columns))
            label = wrapped(labels[parameter.pointer], 40)
            panel.set(xlim=(-0.06, 1.06), xlabel=label, ylim=(_BELOW - 0.06, 1.07))
            panel.set_yticks(*_ticks(axis))
            if at % columns == 0:
                panel.set_ylabel(wrapped(measure(section.metric), 28))
            panel.grid(axis="y")
        for panel in list(figure.axes)[len(parameters) :]:
            panel.set_visible(False)
        return to_svg(figure, label=f"{measure(section.metric)} against each of {len(parameters)} parameters")


def curves_chart(section: SweepSection) -> str:
    """The metric of every trial at each of its validations, in the colour of its metric; the best trial in front."""
    axis, ends = metric_axis(section, curves=True), metric_axis(section)
    drawn = [trial for trial in reversed(section.ranked) if trial.curve and trial.id != section.best]
    best = [trial for trial in section.trials if trial.id == section.best and trial.curve]
    with new_figure(width=WIDE, height=3.8, math=False) as figure:
        axes = figure.add_subplot()
        for trial in drawn:
            color = color_of(trial, ends, lowest=section.lowest)
            epochs, metrics = _curve(trial, axis)
            axes.plot(epochs, metrics, color=color, **line_look(len(section.trials)))
            axes.plot(epochs[-1:], metrics[-1:], color=color, linestyle="", **LOOKS[trial.status])
        for trial in best:
            axes.plot(*_curve(trial, axis), color=CARD, linewidth=5)
            axes.plot(*_curve(trial, axis), color=MARK, linewidth=2.6, marker="o", markersize=4.5)
            axes.plot([], [], color=MARK, linewidth=2.6, marker="o", markersize=4.5, label=f"best: {trial.id}")
        _add_legend(axes, section)
        axes.set(xlabel="epoch", ylabel=measure(section.metric), ylim=(-0.04, 1.05))
        axes.set_xlim(left=0)
        axes.set_yticks(*_ticks(axis))
        axes.grid(axis="y")
        count = len(drawn) + len(best)
        return to_svg(figure, label=f"{measure(section.metric)} by epoch of {count} of {len(section.trials)} trials")


def color_of(trial: TrialFacts, axis: Axis, *, lowest: bool) -> str:
    """By the trial's metric: blue for the worst end of the axis, orange for the best; grey where it has none."""
    if trial.metric is None:
        return MUTED
    place = axis.place(trial.metric)
    return between_worst_and_best(1 - place if lowest else place)


def line_look(trials: int) -> dict[str, Any]:
    """Thinner and paler where there are many lines."""
    return {"linewidth": 1.5, "alpha": 0.9} if trials <= _FEW_TRIALS else {"linewidth": 1.0, "alpha": 0.6}


def _draw_points(panel: "Axes", across: Axis, axis: Axis, *, section: SweepSection, pointer: str) -> None:
    """Those of one option lie a little apart, but for the best trial's."""
    aside = 0.5 / len(across.options) if across.options else 0.0
    looks: dict[str, dict[str, Any]] = {
        status: {"color": ACCENT, "alpha": 0.75, **look} for status, look in LOOKS.items()
    }
    looks["no metric"] = {"color": MUTED, "marker": "x", "markersize": 4}
    looks["best"] = {"color": MARK, "marker": "D", "markersize": 8, "markeredgecolor": CARD}
    points: dict[str, list[tuple[float, float]]] = {look: [] for look in looks}
    for number, trial in enumerate(section.trials):
        place = across.place(trial.parameters.get(pointer))
        spread = place + (number * 0.618 % 1 - 0.5) * aside
        if trial.metric is None:
            points["no metric"].append((spread, _BELOW))
        elif trial.id == section.best:
            points["best"].append((place, axis.place(trial.metric)))
        else:
            points[trial.status].append((spread, axis.place(trial.metric)))
    for name, look in looks.items():
        panel.plot([x for x, _ in points[name]], [y for _, y in points[name]], linestyle="", **look)


def _set_ticks(panel: "Axes", across: Axis, *, letters: int) -> None:
    """Where the words do not fit side by side, of numbers every other one, of options all aslant."""
    places, words = _ticks(across)
    fit = all(len(word) + 2 <= letters / len(words) for word in words)
    skip = 1 if fit or across.options else 2
    panel.set_xticks(places[::skip], words[::skip])
    if across.options and not fit:
        panel.tick_params(axis="x", labelrotation=35)
        for label in panel.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")


def _ticks(axis: Axis) -> tuple[list[float], list[str]]:
    return [place for place, _ in axis.ticks], [words for _, words in axis.ticks]


def _curve(trial: TrialFacts, axis: Axis) -> tuple[list[float], list[float]]:
    return [epoch for epoch, _ in trial.curve], [axis.place(metric) for _, metric in trial.curve]


def _add_legend(axes: "Axes", section: SweepSection) -> None:
    """What the marks at the ends of the curves mean, as far as they occur."""
    words = {"done": "done", "stopped": "stopped early", "running": "running", "failed": "failed"}
    shown = {trial.status for trial in section.trials if trial.curve and trial.id != section.best}
    for status in (status for status in words if status in shown):
        axes.plot([], [], color=MUTED, linestyle="", label=words[status], **LOOKS[status])
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=5)
