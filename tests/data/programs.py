"""Queries as short lists, and the programs that they mean."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from kittiseg.dtl import Program, compile_graph
from kittiseg.dtl.layer import Rng, rng_for
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta
from tests.data.projects import meta_of

META = meta_of({"car": "bitmap", "bus": "bitmap", "sky": "bitmap", "lane": "line"}, tags=("day",))

DATA = ("data", "source/*", "$in", {"classes_mapping": "default"})
WHOLE_CROP = {"random_part": {side: {"min_percent": 100, "max_percent": 100} for side in ("width", "height")}}
RANDOM_CROP = {"random_part": {side: {"min_percent": 20, "max_percent": 90} for side in ("width", "height")}}


def layer(action: str, src: str | list[str], dst: str | list[str], settings: Any = None) -> dict[str, Any]:
    """A layer as JSON; one source may be given without a list."""
    sources = [src] if isinstance(src, str) else src
    return {"action": action, "src": sources, "dst": dst, "settings": {} if settings is None else settings}


def query(*layers: tuple[Any, ...], save: str | list[str]) -> list[dict[str, Any]]:
    """Layers as tuples of :func:`layer`'s arguments, ended by one that saves what ``save`` names as project ``out``."""
    return [*(layer(*each) for each in layers), layer("supervisely", save, "out")]


def program(
    *layers: tuple[Any, ...], save: str | list[str], seed: int = 0, metas: dict[str, ProjectMeta] | None = None
) -> Program:
    """The program of ``DATA`` and these layers; with ``metas``, of these layers alone."""
    document = query(*(layers if metas else (DATA, *layers)), save=save)
    return compile_graph(document, metas or {"source": META}, seed=seed, source="query.json")


def draws(name: str = "a", *, seed: int = 0) -> Rng:
    """A layer's ``rng`` that begins anew at each call."""
    return lambda: rng_for(seed, name)


def no_draw() -> np.random.Generator:
    """The ``rng`` for layers that draw nothing."""
    raise AssertionError("this layer has nothing to draw")


def only(items: Iterator[Item]) -> Item:
    """The one item that a layer made."""
    (item,) = items
    return item
