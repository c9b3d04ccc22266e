"""Where a value lies on an axis, from 0 to 1, by its number, its logarithm, or its place among options."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from kittiseg.report.sections import Parameter, SweepSection, TrialFacts
from kittiseg.report.sweep_labels import cut, key_of, value_words

_MOST_TICKS = 7
_WIDE_RANGE = 20  # a loss that is so many times the lowest one makes a logarithmic axis


@dataclass(frozen=True, slots=True)
class Axis:
    """A value's place (0 to 1) on an axis. ``ticks``: places with their words."""

    kind: str
    low: float
    high: float
    options: tuple[str, ...]
    ticks: tuple[tuple[float, str], ...]

    def place(self, value: Any) -> float:
        """NaN where there is no value, or none that the axis has a place for."""
        if self.kind == "choice":
            key = key_of(value)
            return _middle(self.options.index(key), len(self.options)) if key in self.options else math.nan
        return self._number_place(value) if is_number(value) else math.nan

    def _number_place(self, value: float) -> float:
        low, high = self.low, self.high
        if self.kind == "log":
            if value <= 0:
                return math.nan
            low, high, value = math.log(low), math.log(high), math.log(value)
        return (value - low) / (high - low) if high > low else 0.5


def parameter_axis(parameter: Parameter, trials: Sequence[TrialFacts]) -> Axis:
    """As the sweep searched: an equal part for each option, else from the lowest to the highest number or logarithm.

    Where values are no numbers, all are options.
    """
    known = [trial.parameters[parameter.pointer] for trial in trials if parameter.pointer in trial.parameters]
    if parameter.kind == "choice" or not known or not all(map(is_number, known)):
        return _choice_axis([*parameter.options, *known])
    return _number_axis([*parameter.ends, *known], log=parameter.kind == "log")


def metric_axis(section: SweepSection, *, curves: bool = False) -> Axis:
    """Over all trials' metrics, or over all of their ``curves``; logarithmic where losses are far apart."""
    ends = [trial.metric for trial in section.trials]
    values = [y for trial in section.trials for _, y in trial.curve] if curves else ends
    known = [value for value in values if is_number(value)]
    far = section.lowest and known and 0 < min(known) * _WIDE_RANGE < max(known)
    return _number_axis(known or [0.0, 1.0], log=bool(far))


def is_number(value: Any) -> TypeGuard[float]:
    """A finite one; true and false are options."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _choice_axis(values: Iterable[Any]) -> Axis:
    """Numbers in their order, anything else as it comes."""
    options = {key_of(value): value for value in values}
    if all(map(is_number, options.values())):
        options = dict(sorted(options.items(), key=lambda entry: entry[1]))
    words = [cut(value_words(value), 18) for value in options.values()]
    step = -(-len(words) // (2 * _MOST_TICKS))
    ticks = tuple((_middle(at, len(words)), text) for at, text in enumerate(words) if at % step == 0)
    return Axis("choice", 0, 0, tuple(options), ticks)


def _middle(at: int, count: int) -> float:
    """Of one of ``count`` equal parts of an axis."""
    return (at + 0.5) / count


def _number_axis(values: Sequence[float], *, log: bool) -> Axis:
    low, high = min(values), max(values)
    kind = "log" if log and low > 0 else "linear"
    found = Axis(kind, low, high, (), ())
    round_ones = _log_ticks(low, high) if kind == "log" else _linear_ticks(low, high, values)
    ticks = tuple((found.place(value), value_words(value)) for value in round_ones)
    return Axis(kind, low, high, (), ticks)


def _linear_ticks(low: float, high: float, values: Sequence[float]) -> list[float]:
    from matplotlib.ticker import MaxNLocator

    if low == high:
        return [low]
    integer = all(float(value).is_integer() for value in values)
    ticks = MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10], integer=integer).tick_values(low, high)
    return [float(f"{tick:.12g}") for tick in ticks if low <= tick <= high] or [low, high]


def _log_ticks(low: float, high: float) -> list[float]:
    """The finest of 1, 2, 5; 1, 3; and 1 times powers of ten that gives few; the ends where none lies between."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for digits in ((1, 2, 5), (1, 3), (1,)):
        ticks = [float(f"{digit}e{power}") for power in powers for digit in digits]
        ticks = [tick for tick in ticks if low <= tick * 1.000001 and tick <= high * 1.000001]
        if len(ticks) <= _MOST_TICKS:
            break
    ticks = ticks[:: -(-len(ticks) // _MOST_TICKS) or 1]
    return ticks if len(ticks) > 1 else sorted({low, high})
