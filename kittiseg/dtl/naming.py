"""The file names of what a query makes: the source's stem, what made it (``_flipv_m3``), and the source's suffix.

A name never depends on what other workers do. Within one source, equal names are counted in the order of the outputs.
Across sources, a stem that could lead to another's name in the same data set gets its project and data set before it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import count

from kittiseg.project.item import Item, ItemKey

COUNTER = r"\d+"


class Names:
    """Names what is made of one source, in its order; in one data set all differ."""

    def __init__(self, stem: str) -> None:
        self._stem = stem
        self._taken: set[tuple[str, str]] = set()

    def of(self, item: Item) -> str:
        made = "_".join((self._stem, *item.marks))
        tries = (made if number == 1 else f"{made}_{number}" for number in count(1))
        name = next(t for t in (t + item.key.suffix for t in tries) if (item.dataset, t) not in self._taken)
        self._taken.add((item.dataset, name))
        return name


def tail_pattern(marks: Iterable[str]) -> re.Pattern[str]:
    """What may follow a stem, from the layers' own patterns."""
    words = "|".join(f"(?:{mark})" for mark in sorted({*marks, COUNTER} - {""}))
    return re.compile(f"(?:_(?:{words}))+")


def clashing_stems(
    keys: Collection[ItemKey],
    targets: Callable[[ItemKey], Collection[str]],
    tail: re.Pattern[str],
    *,
    whatever_suffix: bool = False,
) -> dict[ItemKey, str]:
    """The stems to use instead, for sources of which two could write one name into one of their ``targets``.

    That is so where two stems are equal, or where one is the other with what layers append (``a`` and ``a_m1``).
    The order of ``keys`` does not count. ``whatever_suffix``: also of pictures whose names end differently.
    """
    places = {key: [(dataset, "" if whatever_suffix else key.suffix) for dataset in targets(key)] for key in keys}
    often = Counter((place, key.stem) for key in keys for place in places[key])
    taken: dict[tuple[str, str], set[str]] = defaultdict(set)
    led_to: dict[tuple[str, str], set[str]] = defaultdict(set)  # stems from which a taken one could be made
    instead = {}
    for key in sorted(keys, key=lambda key: (len(key.stem), key)):
        candidates = _candidates(key)
        if any(often[place, key.stem] > 1 for place in places[key]):
            next(candidates)
        for stem in candidates:
            roots = set(_roots(stem, tail))
            if not any(stem in taken[p] or stem in led_to[p] or roots & taken[p] for p in places[key]):
                break
        for place in places[key]:
            taken[place].add(stem)
            led_to[place] |= roots
        if stem != key.stem:
            instead[key] = stem
    return instead


def _candidates(key: ItemKey) -> Iterator[str]:
    long = f"{key.project}_{key.dataset}_{key.stem}"
    yield key.stem
    yield long
    yield from (f"{long}-{number}" for number in count(2))


def _roots(stem: str, tail: re.Pattern[str]) -> Iterator[str]:
    """The stems that, with marks and counters appended, give this one."""
    cuts = (place.start() for place in re.finditer("_", stem))
    return (stem[:cut] for cut in cuts if cut and tail.fullmatch(stem, cut))
