"""The reliability diagram of a calibrated checkpoint as inline SVG: how often it is right, by how sure it is."""

from collections.abc import Mapping, Sequence
from typing import Any

from kittiseg.report.charts import WIDTH
from kittiseg.report.colors import ACCENT, INK, MUTED
from kittiseg.report.svg import new_figure, to_svg
from kittiseg.report.wording import decimal

Calibration = Mapping[str, Any]
"""A checkpoint's record in temperature.json, as ``calibrate`` writes it."""


def reliability_chart(found: Calibration) -> str:
    """Accuracy by confidence before and after the temperature, and below how many pixels are so sure after it.

    A network that can be believed lies on the diagonal; below it, it is too sure.
    """
    with new_figure(width=WIDTH, height=3.9) as figure:
        axes, below = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
        axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle=(0, (4, 2)))
        for word, color in (("before", MUTED), ("after", ACCENT)):
            bins = [each for each in found[word]["bins"] if each["count"]]
            points = [each["confidence"] for each in bins], [each["accuracy"] for each in bins]
            axes.plot(*points, color=color, linewidth=1.5, marker="o", markersize=3.5, label=_words(found, word))
        axes.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="accuracy")
        axes.legend(loc="upper left")
        shares = _shares(found["after"]["bins"])
        edges = [place / len(shares) for place in range(len(shares) + 1)]
        below.stairs(shares, edges, fill=True, color=ACCENT, alpha=0.35)
        below.set(xlabel="confidence", ylabel="pixels, %", ylim=(0, 100), yticks=(0, 50, 100))
        for each in (axes, below):
            each.grid(axis="y")
        return to_svg(figure, label=f"Reliability, {_words(found, 'before')}, {_words(found, 'after')}")


def _shares(bins: Sequence[Mapping[str, Any]]) -> list[float]:
    total = sum(each["count"] for each in bins)
    return [100 * each["count"] / total for each in bins]


def _words(found: Calibration, word: str) -> str:
    return f"{word}: ECE {decimal(found[word]['ece'])}, NLL {decimal(found[word]['nll'])}"
