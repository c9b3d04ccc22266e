"""The pictures of the query language's reference: a street before and after a layer, made by the layer itself."""

import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from kittiseg.dtl import Program, compile_graph
from kittiseg.dtl.examples import EXAMPLES, example_query
from kittiseg.project.geometry import Size
from kittiseg.project.item import Item
from kittiseg.report.lettering import Text, lettered
from kittiseg.report.overlay import fit
from kittiseg.report.sketch import sketch
from kittiseg.report.toy_street import PROJECT, SIZE, street, street_meta

SEED = 1
LARGEST_FILE = 40_000  # bytes
_MOST = 3  # pictures that one layer made of one
_PAD, _LINE = 10, 16  # px: between pictures, and of a line of words
_LETTERS = 46  # of a line


@dataclass(frozen=True, slots=True)
class _Shown:
    image_hwc: np.ndarray
    words: tuple[str, ...]


def reference_picture(action: str) -> bytes:
    """A PNG file: in each row a picture as it comes to the layer, and what leaves it."""
    query = example_query(action)
    sources = [street(number) for number in range(EXAMPLES[action].pictures)]
    program = _decided(compile_graph(query, {PROJECT: street_meta()}, seed=SEED, source="example"), sources)
    place = next(index for index, layer in enumerate(query) if layer["action"] == action)
    return _small_file(_assembled([_row(program, place, source) for source in sources]))


def _decided(program: Program, sources: Sequence[Item]) -> Program:
    """The program after all surveys that its layers ask for."""
    program = program.with_sources([source.key for source in sources])
    while program.undecided:
        found = [(source.key, program.survey(source)) for source in sources]
        layers = {layer for _, notes in found for layer in notes}
        program = program.decide({layer: {key: notes[layer] for key, notes in found} for layer in layers})
    return program


def _row(program: Program, place: int, source: Item) -> list[_Shown]:
    entering: list[Item] = [source] if place == 0 else []
    leaving: list[tuple[Item, str]] = []

    def watch(layer: int, port: int, item: Item) -> None:
        if layer == place - 1:
            entering.append(item)
        elif layer == place:
            leaving.append((item, node.dst[port] if len(node.dst) > 1 else ""))

    node = program.nodes[place]
    names = [name for _, name in program.walk(source, watch=watch)]
    before = street_meta() if place == 0 else program.nodes[place - 1].meta
    changed = [item for item, _ in leaving] if len(leaving) == 1 else []
    first = _Shown(
        _sketched(entering[0], before.colors), ("before", *(_objects(entering[0], each) for each in changed))
    )
    if node is program.sink:
        item = leaving[0][0]
        written = _Shown(_sketched(item, node.meta.colors), (f"{node.dst[0]}/{item.dataset}/{names[0]}",))
        extras = (_Shown(fit(image_hwc, SIZE), (folder,)) for folder, image_hwc in program.extras(item))
        return [first, written, *extras]
    return [first] + [
        _Shown(
            _sketched(item, node.meta.colors),
            (
                _words(entering[0], item, way) or _counted(count, len(leaving)),
                *(_objects(each, entering[0]) for each in changed),
            ),
        )
        for count, (item, way) in enumerate(leaving[:_MOST], start=1)
    ]


def _objects(item: Item, other: Item) -> str:
    """The objects of which the other picture of the same size has more or fewer, such as ``2 cloud (bitmap)``."""
    if item.image.size != other.image.size:
        return ""
    mine, theirs = (Counter((f.class_name, f.shape.kind) for f in each.annotation.figures) for each in (item, other))
    words = ", ".join(f"{mine[key]} {key[0]} ({key[1]})" for key in mine if mine[key] != theirs[key])
    return textwrap.shorten(words, _LETTERS, placeholder=" …")


def _sketched(item: Item, colors: dict[str, tuple[int, int, int]]) -> np.ndarray:
    size = item.image.size
    scale = min(SIZE.height / size.height, SIZE.width / size.width, 1)
    box = Size(height=max(round(size.height * scale), 1), width=max(round(size.width * scale), 1))
    return sketch(fit(item.image.pixels(), box), item.annotation, colors)


def _words(before: Item, after: Item, way: str) -> str:
    """What can hardly be seen: where it goes, a new data set, tags, a new size."""
    words = [f"to {way}"] if way else []
    if after.dataset != before.dataset:
        words.append(f"data set {after.dataset}")
    if after.annotation.tags != before.annotation.tags:
        words.append("tags: " + (", ".join(sorted(after.annotation.tag_names)) or "none"))
    if after.image.size != before.image.size and not after.marks:
        words.append(f"{after.image.size} px")
    return ", ".join(words)


def _counted(number: int, count: int) -> str:
    if count == 1:
        return "after"
    rest = f", and {count - _MOST} more" if number == _MOST < count else ""
    return f"{number} of {count}{rest}"


def _assembled(rows: Sequence[Sequence[_Shown]]) -> np.ndarray:
    heights = [max(_height(shown) for shown in row) for row in rows]
    columns = max(map(len, rows))
    widths = [
        max((row[column].image_hwc.shape[1] for row in rows if column < len(row)), default=0)
        for column in range(columns)
    ]
    widths = [max(width, 150) for width in widths]
    canvas_hwc = np.full((sum(heights), sum(widths) + _PAD * (columns - 1), 3), 255, np.uint8)
    texts, top = [], 0
    for row, height in zip(rows, heights, strict=True):
        left = 0
        for shown, width in zip(row, widths, strict=False):
            high, wide = shown.image_hwc.shape[:2]
            canvas_hwc[top : top + high, left : left + wide] = shown.image_hwc
            texts += [Text(left, top + high + 14 + _LINE * line, words) for line, words in enumerate(shown.words)]
            left += width + _PAD
        top += height
    return lettered(canvas_hwc, texts)


def _height(shown: _Shown) -> int:
    return shown.image_hwc.shape[0] + _LINE * len([words for words in shown.words if words]) + 6


def _small_file(image_hwc: np.ndarray) -> bytes:
    """As PNG; where that is large, as noise is, with fewer bits of each colour."""
    for bits in (8, 5, 4, 3):
        step = 1 << (8 - bits)
        bgr = cv2.cvtColor((image_hwc // step * step + (step - 1) // 2).astype(np.uint8), cv2.COLOR_RGB2BGR)
        data = cv2.imencode(".png", bgr, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].tobytes()
        if len(data) <= LARGEST_FILE:
            return data
    raise ValueError(f"the picture has {len(data)} bytes even with 3 bits of each colour; make it smaller")
