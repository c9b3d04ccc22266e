"""What a run would give, without running it: how many pictures leave each layer, with which classes and tags.

Draws are addressed by the pictures' names, so the numbers are those of the run itself, not expectations. Only bytes are
estimated, from the sizes of the source files and the shares of their areas.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kittiseg.dtl.layer import Router, Source
from kittiseg.dtl.program import Made, Program
from kittiseg.errors import DataError
from kittiseg.project.annotation import Annotation
from kittiseg.project.geometry import Size
from kittiseg.project.item import Item, ItemKey
from kittiseg.project.pixels import LazyImage

_UNKNOWN_SIZE = Size(height=10_000, width=10_000)  # only shares of it count


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """One layer: its settings in brief, what leaves it, and how many pictures go to each ``dst``.

    ``survey``: the pass over all pictures that it needs, and what that decided.
    """

    pointer: str
    action: str
    settings: str
    src: tuple[str, ...]
    dst: tuple[str, ...]
    classes: tuple[str, ...]
    tags: tuple[str, ...]
    pictures: tuple[int, ...]
    survey: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would write. ``datasets``: pictures by data set; ``warnings``: what the user should look at first."""

    output: str
    layers: tuple[LayerPlan, ...]
    sources: int
    pictures: int
    bytes: int
    datasets: Mapping[str, int]
    warnings: tuple[str, ...]


def explain(
    program: Program,
    keys: Collection[ItemKey],
    *,
    load: Callable[[ItemKey], Item],
    size_of: Callable[[ItemKey], int] = lambda key: 0,
) -> Plan:
    """The plan for these pictures.

    ``load`` is called only where ``program.needs_annotation``, and no pixels are read. ``size_of``: bytes of a source.
    """
    totals = [0] * len(program.ports)
    datasets: Counter[str] = Counter()
    volume = 0.0
    warnings: list[str] = []
    for key in keys:
        try:
            item = load(key) if program.needs_annotation else bare_item(key)
            made = program.run(item)
        except DataError as error:
            warnings.append(str(error))
            continue
        totals = add_counts(totals, made)
        datasets.update(output.dataset for output in made.items)
        volume += size_of(key) * sum(output.image.size.area for output in made.items) / item.image.size.area
        warnings += made.warnings
    return Plan(
        output=program.output,
        layers=_layer_plans(program, totals),
        sources=len(keys),
        pictures=sum(datasets.values()),
        bytes=round(volume),
        datasets=dict(sorted(datasets.items())),
        warnings=(*warn_of_empty(program, totals), *warnings),
    )


def add_counts(totals: Sequence[int], made: Made) -> list[int]:
    """The counts of several pictures together, port by port."""
    return [total + count for total, count in zip(totals, made.counts, strict=True)]


def describe_layers(program: Program, counts: Iterable[int]) -> list[dict[str, Any]]:
    """What leaves each layer, as JSON: ``{"pictures": [190, 10], "classes": {"car": "#00008e"}}``.

    ``counts``: those of all pictures together, by port.
    """
    by_port = dict(zip(program.ports, counts, strict=True))
    return [
        {
            "pictures": [by_port[node.index, port] for port in range(len(node.dst))],
            "classes": {entry.name: entry.color for entry in node.meta.classes},
        }
        for node in program.nodes
    ]


def warn_of_empty(program: Program, counts: Iterable[int]) -> list[str]:
    """What stayed empty that should not have, from the summed counts of a run: sources, and sides of a random split."""
    by_port = dict(zip(program.ports, counts, strict=True))
    warnings = []
    for node in program.nodes:
        count = [by_port[node.index, port] for port in range(len(node.dst))]
        if isinstance(node.layer, Source) and not count[0]:
            warnings.append(f"layer {node.pointer} (data): no picture came in from {', '.join(node.src)}")
        chance = node.layer.chance if isinstance(node.layer, Router) else None
        if chance is None or not 0 < chance < 1 or not any(count):
            continue
        warnings += [
            f"layer {node.pointer} (if, probability {chance:g}): none of {sum(count)} pictures was drawn for '{name}'; "
            "choose another --seed, import more pictures, or change the probability"
            for name, pictures in zip(node.dst, count, strict=True)
            if not pictures
        ]
    return warnings


def bare_item(key: ItemKey) -> Item:
    """A picture of which nothing is known but the name."""
    image = LazyImage(_UNKNOWN_SIZE, lambda: np.zeros((0, 0, 3), np.uint8))
    return Item(key=key, image=image, annotation=Annotation(_UNKNOWN_SIZE), dataset=key.dataset)


def _layer_plans(program: Program, totals: Sequence[int]) -> tuple[LayerPlan, ...]:
    by_port = dict(zip(program.ports, totals, strict=True))
    return tuple(
        LayerPlan(
            pointer=node.pointer,
            action=node.action,
            settings=json.dumps(node.settings, ensure_ascii=False),
            src=node.src,
            dst=node.dst,
            classes=tuple(node.meta.shapes),
            tags=tuple(tag.name for tag in node.meta.tags),
            pictures=tuple(by_port[node.index, port] for port in range(len(node.dst))),
            survey="; ".join(filter(None, (str(program.surveys.get(node.index, "")), node.layer.decided))),
        )
        for node in program.nodes
    )
