"""What a parameter of a sweep may be: values to choose from, or a range."""

import math
from typing import Annotated, Any

from annotated_types import Gt, MinLen

from kittiseg.config import Doc, settings

_FACTOR_UP, _FACTOR_DOWN = 1.2, 0.8
KINDS = ("choice", "uniform", "loguniform", "integer")


@settings
class Dimension:
    """One of choice, uniform, loguniform and integer; step goes with uniform and integer."""

    choice: Annotated[Annotated[tuple[Any, ...], MinLen(1)] | None, Doc("any JSON values, each equally likely")] = None
    uniform: Annotated[tuple[float, float] | None, Doc("the least and the most, all between equally likely")] = None
    loguniform: Annotated[
        tuple[float, float] | None, Doc("the least and the most, above 0; each decade between is equally likely")
    ] = None
    integer: Annotated[tuple[int, int] | None, Doc("the least and the most whole number, both included")] = None
    step: Annotated[
        Annotated[float, Gt(0)] | None, Doc("from one value to the next of uniform or integer; null: any, or 1")
    ] = None

    def __post_init__(self) -> None:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of {', '.join(KINDS)}, not {len(given)}")
        if self.step is not None and given[0] not in ("uniform", "integer"):
            raise ValueError(f"'step' goes with uniform or integer, not with {given[0]}")
        if self.integer is not None and self.step is not None and self.step != int(self.step):
            raise ValueError(f"the step of an integer is a whole number, not {self.step:g}")
        if self.choice is None and not self.least < self.most:
            raise ValueError(f"the least ({self.least:g}) is not below the most ({self.most:g})")
        if self.loguniform is not None and self.least <= 0:
            raise ValueError(f"loguniform needs a least above 0, not {self.least:g}")

    @property
    def least(self) -> float:
        """Of a range."""
        return self._range[0]

    @property
    def most(self) -> float:
        """Of a range, as it is written: the last step may end before it."""
        return self._range[1]

    @property
    def _range(self) -> tuple[float, float]:
        found = self.uniform or self.loguniform or self.integer
        assert found is not None, "a choice has no range"
        return found

    @property
    def count(self) -> int | None:
        """How many values there are; None for a range without steps."""
        if self.choice is not None:
            return len(self.choice)
        step = self.step or (None if self.integer is None else 1)
        return None if step is None else math.floor((self.most - self.least) / step + 1e-9) + 1

    def value(self, index: int) -> Any:
        """The ``index``-th of ``count`` values."""
        if self.choice is not None:
            return self.choice[index]
        if self.integer is not None:
            return self.integer[0] + index * int(self.step or 1)
        assert self.step is not None, "only steps can be counted"
        rounded = float(f"{self.least + index * self.step:.12g}")  # 0.3, not 0.30000000000000004
        return min(max(rounded, self.least), self.most)

    @property
    def values(self) -> list[Any]:
        """All of them, of a dimension that has a ``count``."""
        assert self.count is not None, "a range without steps has no list of values"
        return [self.value(index) for index in range(self.count)]

    def index(self, value: Any) -> int:
        """Which of the values it is."""
        if self.choice is not None:
            return next(place for place, one in enumerate(self.choice) if one == value and type(one) is type(value))
        return round((value - self.least) / (self.step or 1))

    def near(self, value: Any, *, up: bool) -> Any:
        """A number times 1.2 or 0.8, by a step at least; the next choice, or the one before; within the range.

        The factors are those of Jaderberg et al., "Population Based Training of Neural Networks", 2017.
        """
        if self.choice is not None:
            place = self.index(value) + (1 if up else -1)
            return self.choice[min(max(place, 0), len(self.choice) - 1)]
        wanted = value * (_FACTOR_UP if up else _FACTOR_DOWN)
        if self.count is None:
            return min(max(wanted, self.least), self.most)
        place, moved = self.index(value), self.index(wanted)
        moved = max(moved, place + 1) if up else min(moved, place - 1)
        return self.value(min(max(moved, 0), self.count - 1))

    def at(self, share: float) -> Any:
        """The value that lies so far (0 <= share < 1) on the way through all of them."""
        if self.count is not None:
            return self.value(int(share * self.count))
        if self.loguniform is not None:
            drawn = self.least * (self.most / self.least) ** share
        else:
            drawn = self.least + share * (self.most - self.least)
        return min(max(drawn, self.least), self.most)

    @property
    def ends(self) -> tuple[Any, ...]:
        """Every choice; of a range the least and the most."""
        if self.choice is not None:
            return self.choice
        return (self.least, self.most) if self.count is None else (self.value(0), self.value(self.count - 1))
