"""Reads what the original of 2018 made of a query, and says whether a picture of ours is the same."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from kittiseg.dtl import Program, compile_graph
from kittiseg.project.annotation import Annotation, Figure
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.pixels import decode_rgb, encode
from kittiseg.project.shapes import Bitmap, Point, Polygon
from tests.data.old_projects import OldProject

ORACLE = Path(__file__).resolve().parents[3] / "shared" / "oracle" / "dtl"

JPEG_TOLERANCE = 6  # decoders of different years differ by so much at most


def load(path: Path) -> Any:
    """The JSON in a file; None where there is none."""
    return json.loads(path.read_text()) if path.exists() else None


@dataclass(frozen=True)
class Output:
    """One picture that the original wrote: ``<dataset>/img/<name>.png``. ``source``: data set and stem."""

    source: tuple[str, str]
    dataset: str
    name: str
    did: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """A recorded query, its input, and what was written with the libraries of 2018 and, where it differs, of today."""

    name: str

    @property
    def folder(self) -> Path:
        return ORACLE / self.name

    @cached_property
    def projects(self) -> dict[str, OldProject]:
        return {folder.name: OldProject(folder) for folder in sorted((self.folder / "in").iterdir())}

    @property
    def sources(self) -> Iterator[Item]:
        return (project.item(key) for project in self.projects.values() for key in project.keys)

    @property
    def query(self) -> list[dict[str, Any]]:
        return load(self.folder / "query.json")

    @property
    def program(self) -> Program:
        metas = {name: project.meta for name, project in self.projects.items()}
        return compile_graph(self.query, metas, seed=0, source=self.name)

    @property
    def meta(self) -> ProjectMeta:
        return ProjectMeta.from_json(load(self.folder / "out" / "meta.json"))

    @property
    def outputs(self) -> list[Output]:
        """In the order in which they were written."""
        entries = load(self.folder / "result.json")["outputs"]
        return [Output(tuple(e["src"][1:]), e["dataset"], e["name"], tuple(e["did"])) for e in entries]

    @property
    def random_classes(self) -> set[str]:
        """The classes of points that are drawn at random: they have no order."""
        hints = [step["settings"] for step in self.query if step["action"] == "generate_hints"]
        return {each[key] for each in hints for key in ("positive_class", "negative_class")}

    def annotations(self, output: Output, shapes: dict[str, str]) -> list[Annotation]:
        """What was written with the libraries of 2018, then with today's."""
        file = f"{output.dataset}/ann/{output.name}.json"
        documents = [load(self.folder / run / file) for run in ("out", "out311")]
        return [Annotation.from_json(document, shapes) for document in documents if document]

    def pictures(self, output: Output, folder: str) -> list[bytes]:
        """The files of that name in a folder (``img``, ``masks_human``), of both runs; perhaps none."""
        found = [self.folder / run / output.dataset / folder for run in ("out", "out311")]
        return [path.read_bytes() for place in found for path in place.glob(f"{output.name}.*")]


def check_picture(item: Item, files: list[bytes], *, copied: bool) -> None:
    """As in one of the files: byte for byte where it was copied, pixel for pixel where it keeps pixels."""
    if copied:
        assert item.image.source is not None
        assert item.image.source() in files
    elif item.key.suffix == ".png":
        check_pixels(item.image.pixels(), files)
    else:
        ours = decode_rgb(encode(item.image.pixels(), item.key.suffix), name="ours").astype(int)
        assert any(np.abs(ours - decode_rgb(file, name="theirs")).max() <= JPEG_TOLERANCE for file in files)


def check_pixels(image: np.ndarray, files: list[bytes]) -> None:
    """A picture, (h, w) or (h, w, 3), has the pixels of one of the files."""
    shown = image if image.ndim == 3 else image[..., None].repeat(3, axis=2)
    assert any(np.array_equal(shown, decode_rgb(file, name="theirs")) for file in files)


def check_annotation(ours: Annotation, theirs: list[Annotation], *, unordered: set[str]) -> None:
    """As in the first of these or, where there is one, the second: bitmaps exactly, places up to 1e-6 px."""
    try:
        _same_annotation(ours, theirs[0], unordered)
    except AssertionError:
        if len(theirs) == 1:
            raise
        _same_annotation(ours, theirs[1], unordered)


def _same_annotation(ours: Annotation, theirs: Annotation, unordered: set[str]) -> None:
    assert ours.image == theirs.image
    assert ours.description == theirs.description
    assert list(dict.fromkeys(ours.tags)) == list(dict.fromkeys(theirs.tags))  # the original could add one tag twice
    assert len(ours.figures) == len(theirs.figures)
    pairs = zip(_ordered(ours, unordered), _ordered(theirs, unordered), strict=True)
    for mine, other in pairs:
        _same_figure(mine, other)


def _ordered(annotation: Annotation, unordered: set[str]) -> list[Figure]:
    """Random points by their places, after all others."""

    def place(figure: Figure) -> tuple[Any, ...]:
        shape = figure.shape
        drawn = figure.class_name in unordered and isinstance(shape, Point)
        return (1, figure.class_name, shape.x, shape.y) if drawn else (0, "", 0, 0)

    return sorted(annotation.figures, key=place)


def _same_figure(ours: Figure, theirs: Figure) -> None:
    assert (ours.class_name, ours.shape.kind) == (theirs.class_name, theirs.shape.kind)
    assert (ours.tags, ours.description) == (theirs.tags, theirs.description)
    if isinstance(theirs.shape, Bitmap):
        assert ours.shape == theirs.shape
    elif isinstance(theirs.shape, Polygon):
        assert isinstance(ours.shape, Polygon)
        _same_rings([ours.shape.exterior], [theirs.shape.exterior])
        _same_rings(list(ours.shape.interior), list(theirs.shape.interior))
    else:
        mine, other = (shape.to_json()["points"]["exterior"] for shape in (ours.shape, theirs.shape))
        np.testing.assert_allclose(mine, other, atol=1e-6)


def _same_rings(ours: list[np.ndarray], theirs: list[np.ndarray]) -> None:
    """Equal up to start, direction and the order of holes."""
    assert len(ours) == len(theirs)
    for ring in theirs:
        opened = ring[:-1] if np.array_equal(ring[0], ring[-1]) else ring  # the original repeats the first corner
        assert any(_same_ring(opened, other) for other in ours)


def _same_ring(one: np.ndarray, other: np.ndarray) -> bool:
    turns = [np.roll(way, shift, axis=0) for way in (other, other[::-1]) for shift in range(len(other))]
    return len(one) == len(other) and any(np.allclose(one, turn, atol=1e-6) for turn in turns)


def without_classes(annotation: Annotation, names: set[str]) -> Annotation:
    return replace(annotation, figures=tuple(f for f in annotation.figures if f.class_name not in names))
