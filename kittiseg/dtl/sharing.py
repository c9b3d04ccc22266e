"""Shares out groups of pictures: exact numbers, groups whole, classes spread evenly."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np


@dataclass(slots=True)
class Group:
    """Pictures that stay together: how many there are, and how many of them have each class."""

    size: int = 0
    classes: Counter[str] = field(default_factory=Counter)


def whole_counts(total: int, shares: Sequence[float]) -> list[int]:
    """``total`` in whole parts: what is left after rounding down goes to the largest remainders (Hamilton's method).

    A share above 0 gets at least one, which the largest part gives up; ``total`` must be enough for that. Shares are
    taken as the decimals that they are written as.
    """
    exact = [Fraction(repr(share)) for share in shares]
    quotas = [share * total / sum(exact) for share in exact]
    counts = [int(quota) for quota in quotas]
    by_remainder = sorted(range(len(shares)), key=lambda place: counts[place] - quotas[place])
    for place in by_remainder[: total - sum(counts)]:
        counts[place] += 1
    for place, share in enumerate(shares):
        if share > 0 and not counts[place]:
            counts[counts.index(max(counts))] -= 1
            counts[place] = 1
    return counts


def share_out(groups: Mapping[str, Group], shares: Sequence[float], rng: np.random.Generator) -> dict[str, int]:
    """The share, by its place in ``shares``, of every group. There must be a group at least for each share above 0.

    Iterative stratification (Sechidis, Tsoumakas, Vlahavas, "On the stratification of multi-label data", 2011): the
    groups with the rarest class go first, each to the share that lacks most of it. Ours for whole groups, larger ones
    first, and within the counts of :func:`whole_counts`, which single pictures meet exactly and groups as they fit.
    Groups without classes, all of them where nobody asks for classes, follow in the same way.
    """
    names = sorted(groups)
    left = [names[place] for place in rng.permutation(len(names))]
    sharing = _Sharing(groups, shares)
    unplaced = sum((group.classes for group in groups.values()), Counter[str]())
    while unplaced:
        rarest = min(unplaced, key=lambda name: (unplaced[name], name))
        members = [name for name in left if groups[name].classes[rarest]]
        for name in sorted(members, key=lambda name: (-groups[name].classes[rarest], -groups[name].size)):
            sharing.place(name, rarest)
            unplaced -= groups[name].classes
        left = [name for name in left if name not in sharing.places]
    for name in sorted(left, key=lambda name: -groups[name].size):
        sharing.place(name)
    return {name: sharing.places[name] for name in names}


class _Sharing:
    """How much room each share has, and how much of each class it lacks (times the number of pictures: exact ints)."""

    def __init__(self, groups: Mapping[str, Group], shares: Sequence[float]) -> None:
        self.places: dict[str, int] = {}
        self._groups = groups
        self._total = sum(group.size for group in groups.values())
        self._room = whole_counts(self._total, shares)
        self._wanted = [place for place, count in enumerate(self._room) if count]
        self._empty = list(self._wanted)
        found = sum((group.classes for group in groups.values()), Counter[str]())
        self._lack = {name: [count * wanted for wanted in self._room] for name, count in found.items()}

    def place(self, name: str, rarest: str | None = None) -> None:
        group = self._groups[name]
        lack = self._lack[rarest] if rarest is not None else self._room
        best = max(self._candidates(group.size), key=lambda place: (lack[place], self._room[place]))
        self.places[name] = best
        self._room[best] -= group.size
        for entry, count in group.classes.items():
            self._lack[entry][best] -= count * self._total
        if best in self._empty:
            self._empty.remove(best)

    def _candidates(self, size: int) -> list[int]:
        """The shares with room for so many pictures, or all; the empty ones, when just as many groups are left."""
        if len(self._groups) - len(self.places) <= len(self._empty):
            return self._empty
        return [place for place in self._wanted if self._room[place] >= size] or self._wanted
