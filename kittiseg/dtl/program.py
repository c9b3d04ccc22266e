"""A compiled query: a pure function from one picture to the pictures made of it."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, partial
from typing import Any

from kittiseg.dtl.layer import Sink, Source, Surveyor, Transform, rng_for
from kittiseg.dtl.naming import clashing_stems, tail_pattern
from kittiseg.dtl.walk import Node, Walk, Watch
from kittiseg.errors import DataError
from kittiseg.project.item import Item, ItemKey
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.storage import Extra, Layout


@dataclass(frozen=True, slots=True)
class Made:
    """What one picture gave: the outputs with their names, in order; how many pictures left by each port; warnings."""

    items: tuple[Item, ...]
    names: tuple[str, ...]
    counts: tuple[int, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """A pass over all pictures that a layer asked for: how many got there, and whether their annotations were read."""

    pictures: int
    annotations: bool

    def __str__(self) -> str:
        what = "annotations" if self.annotations else "names"
        return f"a pass over all {what} comes first; {self.pictures} pictures get here"


Notes = dict[int, dict[ItemKey, Any]]
"""What surveying layers must know: layer -> source picture -> note."""


@dataclass(frozen=True)
class Program:
    """``program(item)`` gives the items made of it, depth first, readers of one name in list order.

    ``meta`` is that of each layer's output. ``stems`` replaces those source stems that clash (:meth:`with_sources`).
    With another ``epoch``, layers draw anew, but pictures go the same ways: what was drawn for training stays there.
    ``surveys``: of the layers that were decided.
    """

    nodes: tuple[Node, ...]
    seed: int
    stems: Mapping[ItemKey, str] = field(default_factory=dict)
    epoch: int = 0
    surveys: Mapping[int, Survey] = field(default_factory=dict)

    def __call__(self, item: Item) -> list[Item]:
        return [made for made, _ in self.walk(item)]

    def run(self, item: Item) -> Made:
        """As a call, with names, counts (see :attr:`ports`) and warnings. DataError where the picture cannot be done.

        ValueError for a picture that no data layer reads.
        """
        walk = self.walk(item)
        outputs = tuple(walk)
        return Made(tuple(made for made, _ in outputs), tuple(name for _, name in outputs), walk.counts, walk.warnings)

    def walk(self, item: Item, *, watch: Watch | None = None) -> Walk:
        """The outputs one after another, each made when it is asked for. Errors as of :meth:`run`.

        ``watch`` is told of every picture that leaves a layer, in the order of their making.
        """
        if self.undecided:
            raise ValueError(f"layers {self.undecided} must survey all pictures first; see Program.decide")
        return Walk(self, item, watch=watch)

    @property
    def undecided(self) -> tuple[int, ...]:
        """The layers that must survey all pictures before one can be made."""
        layers = ((node.index, node.layer) for node in self.nodes)
        return tuple(index for index, layer in layers if isinstance(layer, Surveyor) and layer.surveys)

    def survey(self, item: Item) -> dict[int, Any]:
        """Layer -> what the first undecided layers on its way must know of a picture."""
        walk = Walk(self, item, only=self._surveyed)
        for _ in walk:
            pass
        return walk.notes

    def decide(self, notes: Notes) -> "Program":
        """The program after a survey of all pictures. Some may still be undecided: those behind others.

        DataError where a layer cannot decide on these pictures.
        """
        found = {index: notes.get(index, {}) for index in sorted(self._ready)}
        nodes = tuple(self._decided(node, found[node.index]) if node.index in found else node for node in self.nodes)
        surveys = {index: Survey(len(known), self.survey_needs_annotation) for index, known in found.items()}
        return replace(self, nodes=nodes, surveys={**self.surveys, **surveys})

    def _decided(self, node: Node, notes: Mapping[ItemKey, Any]) -> Node:
        assert isinstance(node.layer, Surveyor)
        try:
            return replace(node, layer=node.layer.decide(notes, partial(rng_for, self.seed, node.label)))
        except DataError as error:
            raise DataError(f"layer {node.pointer} ({node.action}): {error}") from None

    @property
    def survey_needs_annotation(self) -> bool:
        """Whether what the next survey notes hangs on annotations, not on the pictures' names alone."""
        return any(self.nodes[index].layer.needs_annotation for index in self._surveyed)

    @cached_property
    def _ready(self) -> frozenset[int]:
        """The undecided layers that are behind no others."""
        return frozenset(set(self.undecided) - self._after(self.undecided))

    @cached_property
    def _surveyed(self) -> frozenset[int]:
        """Those layers, and all that feed them."""
        return self._ready | {node.index for node in self.nodes if self._ready & self._after([node.index])}

    def _after(self, starts: Iterable[int]) -> set[int]:
        """Every layer that some of these feed, over others or directly."""
        found: set[int] = set()
        todo = list(starts)
        while todo:
            for reader in (reader for readers in self.nodes[todo.pop()].readers for reader in readers):
                if reader not in found:
                    found.add(reader)
                    todo.append(reader)
        return found

    def with_sources(self, keys: Collection[ItemKey]) -> "Program":
        """The same program, told which pictures it will get, all of them: so no two write under one name."""
        marks = [node.layer.mark for node in self.nodes if isinstance(node.layer, Transform)]
        targets = cache(self._targets)
        stems = clashing_stems(
            keys,
            lambda key: targets(key.project, key.dataset),
            tail_pattern(marks),
            whatever_suffix=self._has_extras,
        )
        return replace(self, stems=stems)

    @property
    def _has_extras(self) -> bool:
        return isinstance(self.sink.layer, Sink) and self.sink.layer.has_extras

    @cached_property
    def ports(self) -> tuple[tuple[int, int], ...]:
        """(layer, which ``dst``) of every count."""
        return tuple((node.index, port) for node in self.nodes for port in range(len(node.dst)))

    def extras(self, item: Item) -> Iterator[Extra]:
        """What is to be written beside an output."""
        assert isinstance(self.sink.layer, Sink)
        return self.sink.layer.extras(item, self.meta)

    @property
    def layout(self) -> Layout:
        """What the project is written as."""
        assert isinstance(self.sink.layer, Sink)
        return self.sink.layer.layout

    @property
    def sink(self) -> Node:
        return next(node for node in self.nodes if isinstance(node.layer, Sink))

    @property
    def output(self) -> str:
        """The project to write."""
        return self.sink.dst[0]

    @property
    def meta(self) -> ProjectMeta:
        """The classes and tags of the project to write."""
        return self.sink.meta

    @property
    def sources(self) -> dict[str, tuple[str, ...] | None]:
        """Each project to read, with its data sets; None is all of them."""
        found: dict[str, set[str]] = {}
        for node in self.nodes:
            for project, dataset in (place.split("/") for place in node.src if isinstance(node.layer, Source)):
                found.setdefault(project, set()).add(dataset)
        return {project: None if "*" in datasets else tuple(sorted(datasets)) for project, datasets in found.items()}

    @property
    def needs_annotation(self) -> bool:
        """Whether the number of outputs hangs on annotations, not on the pictures' names alone."""
        return any(node.layer.needs_annotation for node in self.nodes)

    def source_of(self, key: ItemKey) -> Node:
        """The data layer that lets a picture in: the first in list order."""
        for node in self.nodes:
            if isinstance(node.layer, Source) and node.reads(key):
                return node
        raise ValueError(f"no data layer reads {key}")

    def _targets(self, project: str, dataset: str) -> frozenset[str]:
        """Every data set that pictures of one data set may be written to."""
        key = ItemKey(project, dataset, "")
        found: set[tuple[int, str]] = set()
        todo = [(self.source_of(key).index, f"{project}__{dataset}")]
        while todo:
            index, target = todo.pop()
            if (index, target) in found:
                continue
            found.add((index, target))
            node = self.nodes[index]
            target = node.layer.target(key, target) if isinstance(node.layer, Transform) else target
            todo += [(reader, target) for readers in node.readers for reader in readers]
        return frozenset(target for index, target in found if index == self.sink.index)
