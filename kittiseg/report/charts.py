"""Charts of classes as inline SVG: their shares of a project, their IoU. Those of a training are in training_charts."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kittiseg.project.meta import ProjectMeta, palette
from kittiseg.report.colors import INK, RGB, hexadecimal, legible
from kittiseg.report.svg import new_figure, to_svg
from kittiseg.report.wording import decimal

WIDTH = 5.6  # inches: half a page
WIDE = 9.6  # the whole width of it
MOST_BARS = 20


def class_chart(classes: Sequence[Mapping[str, Any]], colors: Mapping[str, RGB]) -> str:
    """Share of area, number of pictures and of objects of each class, the largest area on top.

    ``classes`` has name, images, objects, area_percent; at most 20 of those with objects are drawn.
    """
    present = sorted((row for row in classes if row["objects"]), key=lambda row: -number(row["area_percent"]))[
        :MOST_BARS
    ]
    rows = list(reversed(present))
    fills = [hexadecimal(legible(color)) for color in palette_of(colors, [row["name"] for row in rows]).values()]
    with new_figure(width=WIDTH, height=0.75 + 0.27 * max(len(rows), 1)) as figure:
        panels = figure.subplots(1, 3, sharey=True, width_ratios=(2.6, 1, 1))
        columns = (("area_percent", "share of area"), ("images", "pictures"), ("objects", "objects"))
        for axes, (key, title) in zip(panels, columns, strict=True):
            values = [number(row[key]) for row in rows]
            axes.barh([row["name"] for row in rows], values, height=0.68, color=fills)
            for place, value in enumerate(values):
                text = f" {value:.2f} %" if key == "area_percent" else f" {value:,.0f}"
                axes.text(value, place, text, va="center", fontsize=8, color=INK)
            axes.set_xlim(0, max([*values, 1e-9]) * (1.32 if key == "area_percent" else 1.75))
            axes.set_title(title)
            axes.spines[["bottom", "left"]].set_visible(False)
            axes.tick_params(left=False, bottom=False, labelbottom=False, labelcolor=INK)
        words = ", ".join(f"{row['name']} {number(row['area_percent']):.2f} %" for row in present[:5])
        return to_svg(figure, label=f"Share of all pixels by class: {words or 'no objects'}")


def iou_chart(
    classes: Mapping[str, float | None], pictures: Mapping[str, Sequence[float]], colors: Mapping[str, RGB]
) -> str:
    """The IoU of each class over all pictures as a bar, and that of each single picture as a dot on it."""
    names = sorted(classes, key=lambda name: number(classes[name]))
    fills = line_colors(names, colors)
    with new_figure(width=WIDTH, height=0.9 + 0.42 * max(len(names), 1)) as figure:
        axes = figure.add_subplot()
        for place, name in enumerate(names):
            value = number(classes[name])
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


def palette_of(colors: Mapping[str, RGB] | None, names: Sequence[str]) -> dict[str, RGB]:
    """The colour of each name: the given one, or else one that follows from the name."""
    return {**palette(ProjectMeta(), names), **{name: colors[name] for name in names if colors and name in colors}}


def line_colors(names: Sequence[str], colors: Mapping[str, RGB] | None) -> dict[str, str]:
    """As :func:`palette_of`, ``#rrggbb`` that shows as a thin line."""
    return {name: hexadecimal(legible(color)) for name, color in palette_of(colors, names).items()}


def number(value: Any) -> float:
    """NaN where a value is missing: a class that occurs nowhere has no IoU."""
    return float("nan") if value is None else float(value)
