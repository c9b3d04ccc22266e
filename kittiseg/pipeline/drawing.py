"""A query drawn before it is run: its layers as a graph, or pictures on their way through them."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from kittiseg.dtl import describe_layers
from kittiseg.errors import DataError
from kittiseg.pipeline.run import Run
from kittiseg.pipeline.transforming import Prepared, plan_prepared, prepare_query
from kittiseg.progress import track
from kittiseg.project.item import Item, ItemKey
from kittiseg.project.pixels import encode
from kittiseg.report.brief import brief
from kittiseg.report.collect import spread
from kittiseg.report.contact_sheet import MOST_SHOWN, SheetRow, Sighting, column_width, contact_sheet
from kittiseg.report.graph import graph_file
from kittiseg.report.graph_box import LayerFacts
from kittiseg.report.graph_layout import place_layers
from kittiseg.report.wording import plural

Port = tuple[int, int]
"""A layer's place in the query, and which ``dst``."""


def draw_query(run: Run, query: Path, out: Path) -> Path:
    """Writes the query as an SVG file, with the counts that a run would have; no pixels are read."""
    prepared = prepare_query(run, query)
    counts = [count for layer in plan_prepared(prepared).layers for count in layer.pictures]
    facts = [LayerFacts.from_json(entry) for entry in describe_layers(prepared.program, counts)]
    return _write(out, graph_file(prepared.document, facts).encode())


def preview(run: Run, query: Path, out: Path, *, pictures: int) -> Path:
    """Writes a contact sheet as PNG: so many source pictures, evenly chosen, through every layer of the query.

    Nothing is written to the workspace. DataError where there are no pictures, or one cannot be done.
    """
    prepared = prepare_query(run, query)
    keys = spread(prepared.keys, pictures)
    if not keys:
        raise DataError(f"{query}: no pictures come in, so there is nothing to show; see kittiseg projects")
    sightings = []
    for key in track(keys, run.progress, title="preview", total=len(keys), unit="pictures"):
        sightings.append(_follow(prepared, key, width=column_width(len(keys))))
    sheet_hwc = contact_sheet(_rows(prepared, sightings), [f"{key.dataset}/{key.name}" for key in keys])
    return _write(out, encode(sheet_hwc, ".png"))


def _follow(prepared: Prepared, key: ItemKey, *, width: int) -> dict[Port, Sighting]:
    """What left each layer by each way."""
    seen: dict[Port, Sighting] = defaultdict(Sighting)
    colors = [node.meta.colors for node in prepared.program.nodes]

    def watch(layer: int, port: int, item: Item) -> None:
        sighting = seen[layer, port]
        sighting.count += 1
        if sighting.count <= MOST_SHOWN:
            sighting.add(item.image.pixels(), item.annotation, colors[layer], width=width)

    for _ in prepared.program.walk(prepared.item(key), watch=watch):
        pass
    return seen


def _rows(prepared: Prepared, sightings: Sequence[dict[Port, Sighting]]) -> list[SheetRow]:
    """A row for each layer, one below those that feed it; one for each way out of it where there are two."""
    order = [node for row in place_layers(prepared.document).rows for node in row if isinstance(node, int)]
    rows = []
    for place in order:
        node = prepared.program.nodes[place]
        for port, name in enumerate(node.dst):
            seen = [sighting[place, port] for sighting in sightings]
            made = plural(sum(sighting.count for sighting in seen), "picture", "pictures")
            ways = f"{node.action} → {name}" if len(node.dst) > 1 else node.action
            rows.append(SheetRow(ways, [made, *brief(prepared.document[place])], seen))
    return rows


def _write(out: Path, data: bytes) -> Path:
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(data)
    return out
