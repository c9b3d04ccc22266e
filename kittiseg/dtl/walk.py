"""A layer at its place in a query, and one picture's way through all of them."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from kittiseg.config import pointer
from kittiseg.dtl.layer import Layer, Rng, Router, Source, Surveyor, Transform, rng_for
from kittiseg.dtl.naming import Names
from kittiseg.project.item import Deed, Item, ItemKey
from kittiseg.project.meta import ProjectMeta

if TYPE_CHECKING:
    from kittiseg.dtl.program import Program

Watch = Callable[[int, int, Item], None]
"""Is told of a picture that leaves a layer: the layer's place in the query, which ``dst``, and the picture."""


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


class Walk(Iterator[tuple[Item, str]]):
    """One picture's way through a program: iterates over the outputs with their names, each made when asked for.

    ``counts`` (see ``Program.ports``), ``warnings`` and ``notes`` are complete when the last output was given.
    ``only``: the layers to go to; else all. ``watch``: see ``Program.walk``.
    """

    def __init__(
        self, program: "Program", item: Item, *, only: Collection[int] | None = None, watch: Watch | None = None
    ) -> None:
        self.notes: dict[int, Any] = {}
        self._program = program
        self._only = only
        self._watch = watch
        self._key = item.key
        self._names = Names(program.stems.get(item.key, item.key.stem))
        self._counts = dict.fromkeys(program.ports, 0)
        self._warnings: list[str] = []
        self._outputs = self._enter(item)

    def __next__(self) -> tuple[Item, str]:
        item = next(self._outputs)
        return item, self._names.of(item)

    @property
    def counts(self) -> tuple[int, ...]:
        return tuple(self._counts[port] for port in self._program.ports)

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(self._warnings)

    def _enter(self, item: Item) -> Iterator[Item]:
        node = self._program.source_of(item.key)
        assert isinstance(node.layer, Source)
        yield from self._leave(node, 0, node.layer.take(item), step=node.label)

    def _visit(self, node: Node, item: Item) -> Iterator[Item]:
        layer = node.layer
        if isinstance(layer, Surveyor) and layer.surveys:
            self.notes.setdefault(node.index, layer.note(item))
        elif isinstance(layer, Transform):
            made = -1
            for made, each in enumerate(layer.apply(item, self._rng(node, item))):
                yield from self._leave(node, 0, each, step=f"{node.label}.{made}")
            if made < 0 and layer.nothing_made:
                self._warnings.append(f"{self._key}: {layer.nothing_made} (layer {node.pointer}, {node.action})")
        elif isinstance(layer, Router):
            port = layer.choose(item, self._rng(node, item))
            yield from self._leave(node, port, replace(item, did={"to": node.dst[port]}), step=f"{node.label}.{port}")
        else:
            self._counts[node.index, 0] += 1
            if self._watch:
                self._watch(node.index, 0, item)
            yield item

    def _leave(self, node: Node, port: int, item: Item, *, step: str) -> Iterator[Item]:
        self._counts[node.index, port] += 1
        if self._watch:
            self._watch(node.index, port, item)
        readers = [reader for reader in node.readers[port] if self._only is None or reader in self._only]
        if readers:
            lineage = (*item.lineage, Deed(node.index, node.action, item.did)) if item.did else item.lineage
            moved = replace(item, path=(*item.path, step), did={}, lineage=lineage)
            for reader in readers:
                yield from self._visit(self._program.nodes[reader], moved)

    def _rng(self, node: Node, item: Item) -> Rng:
        """Draws that make pictures hang on the epoch; draws that say where they go do not."""
        key, epoch = self._key, self._program.epoch
        anew = (f"epoch {epoch}",) if epoch and isinstance(node.layer, Transform) else ()
        path = (*item.path, node.label, *anew)
        return partial(rng_for, self._program.seed, key.project, key.dataset, key.name, *path)
