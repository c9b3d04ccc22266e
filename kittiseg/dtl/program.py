"""A compiled query: a pure function from one picture to the pictures made of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, partial

from kittiseg.config import pointer
from kittiseg.dtl.layer import Layer, Rng, Router, Sink, Source, Transform, rng_for
from kittiseg.dtl.naming import clashing_stems, name_outputs, tail_pattern
from kittiseg.project.item import Item, ItemKey
from kittiseg.project.meta import ProjectMeta


@dataclass(frozen=True, slots=True)
class Node:
    """A layer at its place. ``readers`` has, for each ``dst``, the indexes of the layers that read it, in list order.

    ``label`` addresses its draws: the action and what it writes, so that layers added elsewhere change nothing here.
    """

    index: int
    action: str
    label: str
    layer: Layer
    settings: Mapping[str, object]
    src: tuple[str, ...]
    dst: tuple[str, ...]
    readers: tuple[tuple[int, ...], ...]
    meta: ProjectMeta

    @property
    def pointer(self) -> str:
        return pointer(self.index)

    def reads(self, key: ItemKey) -> bool:
        """Whether it is a source that lets this picture in."""
        return f"{key.project}/*" in self.src or f"{key.project}/{key.dataset}" in self.src


@dataclass(frozen=True, slots=True)
class Made:
    """What one picture gave: the outputs with their names, in order; how many pictures left by each port; warnings."""

    items: tuple[Item, ...]
    names: tuple[str, ...]
    counts: tuple[int, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Program:
    """``program(item)`` gives the items made of it, depth first, readers of one name in list order.

    ``meta`` is that of each layer's output. ``stems`` replaces those source stems that clash (:meth:`with_sources`).
    """

    nodes: tuple[Node, ...]
    seed: int
    stems: Mapping[ItemKey, str] = field(default_factory=dict)

    def __call__(self, item: Item) -> list[Item]:
        return list(self.run(item).items)

    def run(self, item: Item) -> Made:
        """As a call, with names, counts (see :attr:`ports`) and warnings. DataError where the picture cannot be done.

        ValueError for a picture that no data layer reads.
        """
        walk = _Walk(self, item.key)
        walk.enter(item)
        names = name_outputs(walk.items, self.stems.get(item.key, item.key.stem))
        counts = tuple(walk.counts[port] for port in self.ports)
        return Made(tuple(walk.items), names, counts, tuple(walk.warnings))

    def with_sources(self, keys: Collection[ItemKey]) -> "Program":
        """The same program, told which pictures it will get, all of them: so no two write under one name."""
        marks = [node.layer.mark for node in self.nodes if isinstance(node.layer, Transform)]
        targets = cache(self._targets)
        stems = clashing_stems(keys, lambda key: targets(key.project, key.dataset), tail_pattern(marks))
        return replace(self, stems=stems)

    @cached_property
    def ports(self) -> tuple[tuple[int, int], ...]:
        """(layer, which ``dst``) of every count."""
        return tuple((node.index, port) for node in self.nodes for port in range(len(node.dst)))

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


class _Walk:
    """One picture's way through a program, and what it leaves behind."""

    def __init__(self, program: Program, key: ItemKey) -> None:
        self.items: list[Item] = []
        self.warnings: list[str] = []
        self.counts = dict.fromkeys(program.ports, 0)
        self._program = program
        self._key = key

    def enter(self, item: Item) -> None:
        node = self._program.source_of(item.key)
        assert isinstance(node.layer, Source)
        self._leave(node, 0, node.layer.take(item), step=node.label)

    def _visit(self, node: Node, item: Item) -> None:
        layer = node.layer
        if isinstance(layer, Transform):
            made = -1
            for made, each in enumerate(layer.apply(item, self._rng(node, item))):
                self._leave(node, 0, each, step=f"{node.label}.{made}")
            if made < 0 and layer.nothing_made:
                self.warnings.append(f"{self._key}: {layer.nothing_made} (layer {node.pointer}, {node.action})")
        elif isinstance(layer, Router):
            port = layer.choose(item, self._rng(node, item))
            self._leave(node, port, item, step=f"{node.label}.{port}")
        else:
            self.counts[node.index, 0] += 1
            self.items.append(item)

    def _leave(self, node: Node, port: int, item: Item, *, step: str) -> None:
        self.counts[node.index, port] += 1
        readers = node.readers[port]
        if readers:
            moved = replace(item, path=(*item.path, step))
            for reader in readers:
                self._visit(self._program.nodes[reader], moved)

    def _rng(self, node: Node, item: Item) -> Rng:
        key = self._key
        return partial(rng_for, self._program.seed, key.project, key.dataset, key.name, *item.path, node.label)
