"""``if``: pictures that meet a condition go to the first ``dst``, the others to the second."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Ge, Le, Len

from kittiseg.config import Doc, settings
from kittiseg.dtl.layer import Layer, Rng, Router, Surveyor
from kittiseg.project.item import Item, ItemKey

_Words = tuple[str, ...]
_Count = Annotated[int, Ge(0)]


@settings
class Condition:
    """One of these; ``classes`` goes with ``sum_object_area``, ``frame_step`` with ``name_in_range``."""

    probability: Annotated[
        Annotated[float, Ge(0), Le(1)] | None, Doc("a draw for each picture, the same on every run with the same seed")
    ] = None
    regex_names: Annotated[_Words | None, Doc("one of these regular expressions is found in the name")] = None
    project_datasets: Annotated[_Words | None, Doc('it comes from one of these: "project/dataset", "*/*"')] = None
    min_objects_count: Annotated[_Count | None, Doc("it has at least so many objects")] = None
    include_classes: Annotated[_Words | None, Doc("it has an object of one of these classes")] = None
    tags: Annotated[_Words | None, Doc("it bears one of these tags")] = None
    min_height: Annotated[int | None, Doc("it is at least so many px high")] = None
    min_width: Annotated[int | None, Doc("it is at least so many px wide")] = None
    min_area: Annotated[int | None, Doc("it has at least so many px")] = None
    sum_object_area: Annotated[
        float | None, Doc("the objects of 'classes' have at least so many px, each counted alone")
    ] = None
    classes: Annotated[_Words | None, Doc("whose objects 'sum_object_area' adds up")] = None
    name_in_range: Annotated[
        Annotated[_Words, Len(2, 2)] | None, Doc("its name is one of these two, or between them in alphabetical order")
    ] = None
    frame_step: Annotated[
        Annotated[int, Ge(1)] | None,
        Doc("of the names in range, only the first and every so many after it; without it, all"),
    ] = None

    def __post_init__(self) -> None:
        given = [name for name in CONDITIONS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one condition of {', '.join(CONDITIONS)}, not {len(given)}")
        if (self.sum_object_area is None) != (self.classes is None):
            raise ValueError("'sum_object_area' and 'classes' go together")
        if self.frame_step is not None and self.name_in_range is None:
            raise ValueError("'frame_step' goes with 'name_in_range'")
        for pattern in self.regex_names or ():
            _check_pattern(pattern)
        for place in self.project_datasets or ():
            if place.count("/") != 1 or not all(place.split("/")):
                raise ValueError(f'{place!r} is no data set: write "project/dataset", with * for any')

    @property
    def name(self) -> str:
        return next(name for name in CONDITIONS if getattr(self, name) is not None)


@settings
class If(Router, Surveyor):
    """Sends each picture to the first ``dst`` where the condition holds, to the second where it does not.

    Names are those of the source pictures, without their suffixes. With a ``frame_step`` above 1, a pass over all
    pictures comes first, over their names alone where no layer before asks for more: those in range that get here are
    counted by project, data set and name. The original counted them as they came, which differed from run to run.
    """

    condition: Annotated[Condition, Doc("what must hold")]

    @property
    def needs_annotation(self) -> bool:
        return self.condition.name not in ("probability", "regex_names", "project_datasets", "name_in_range")

    @property
    def surveys(self) -> bool:
        return (self.condition.frame_step or 1) > 1

    def note(self, item: Item) -> None:
        """That it got here is enough."""

    def decide(self, notes: Mapping[ItemKey, None], rng: Rng) -> Layer:
        assert self.condition.name_in_range is not None
        assert self.condition.frame_step is not None
        chosen = every_nth(notes, self.condition.name_in_range, self.condition.frame_step)
        return Found(dict.fromkeys(chosen, 0), of=len(notes))

    @property
    def chance(self) -> float | None:
        return self.condition.probability

    def choose(self, item: Item, rng: Rng) -> int:
        return 0 if CONDITIONS[self.condition.name](item, self.condition, rng) else 1


@dataclass(frozen=True)
class Found(Router):
    """Sends each source picture the way that a survey of so many found, all others to the second ``dst``."""

    ways: Mapping[ItemKey, int]
    of: int

    @property
    def decided(self) -> str:
        return f"{len(self.ways)} of {self.of} to the first"

    def choose(self, item: Item, rng: Rng) -> int:
        return self.ways.get(item.key, 1)


def every_nth(keys: Collection[ItemKey], names: tuple[str, ...], step: int) -> list[ItemKey]:
    """Of the pictures in range, the first and every ``step``-th after it, by project, data set and name."""
    inside = [key for key in keys if in_range(key.stem, names)]
    return sorted(inside, key=lambda key: (key.project, key.dataset, key.stem, key.name))[::step]


def in_range(stem: str, names: tuple[str, ...]) -> bool:
    """Whether a name lies between two others or is one of them, letter by letter."""
    first, last = names
    return first <= stem <= last


def sum_area(item: Item, classes: tuple[str, ...]) -> float:
    """Px of the figures of these classes, each on its own: a polygon's holes and overlaps are not taken off."""
    return sum(figure.shape.area for figure in item.annotation.figures if figure.class_name in classes)


def comes_from(item: Item, places: tuple[str, ...]) -> bool:
    """Whether it is of one of the data sets; ``*`` is any project, or any data set."""
    pairs = (place.split("/") for place in places)
    return any(project in ("*", item.key.project) and dataset in ("*", item.key.dataset) for project, dataset in pairs)


CONDITIONS: dict[str, Callable[[Item, Any, Rng], bool]] = {
    "probability": lambda item, wanted, rng: rng().random() < wanted.probability,
    "regex_names": lambda item, wanted, rng: any(re.search(part, item.key.stem) for part in wanted.regex_names),
    "project_datasets": lambda item, wanted, rng: comes_from(item, wanted.project_datasets),
    "min_objects_count": lambda item, wanted, rng: len(item.annotation.figures) >= wanted.min_objects_count,
    "include_classes": lambda item, wanted, rng: any(
        figure.class_name in wanted.include_classes for figure in item.annotation.figures
    ),
    "tags": lambda item, wanted, rng: not item.annotation.tag_names.isdisjoint(wanted.tags),
    "min_height": lambda item, wanted, rng: item.image.size.height >= wanted.min_height,
    "min_width": lambda item, wanted, rng: item.image.size.width >= wanted.min_width,
    "min_area": lambda item, wanted, rng: item.image.size.area >= wanted.min_area,
    "name_in_range": lambda item, wanted, rng: in_range(item.key.stem, wanted.name_in_range),
    "sum_object_area": lambda item, wanted, rng: sum_area(item, wanted.classes) >= wanted.sum_object_area,
}


def _check_pattern(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
