"""How to make each picture again, one line a source picture, one file a block: ``recipes/<block>.jsonl.gz``.

A line has the source with a mark of its content and, for each output, its window and mirrors, its tags and its figures.
A figure is a number where it is a bitmap of the source as seen through the window, ``[number, {what differs}]`` where
it has another class, tags or description, else the figure itself. So no pixel is decoded or encoded to write one.
Reading needs the source project as it was.
"""

import gzip
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

from kittiseg.errors import DataError, WorkspaceError
from kittiseg.project.annotation import Annotation, Figure, Tag
from kittiseg.project.files import Files
from kittiseg.project.geometry import Size, View
from kittiseg.project.index import Index
from kittiseg.project.item import Item, ItemKey
from kittiseg.project.names import check_name, check_picture_name
from kittiseg.project.pixels import LazyImage
from kittiseg.project.shapes import Bitmap
from kittiseg.project.storage import Extra, Origin, compact_json, digest_of, picture_file

FOLDER = "recipes"
_BLOCKS = 8  # files that a reader keeps
_SOURCES = 2  # source pictures that a reader keeps decoded


class SourceProject(Protocol):
    """The project that the pictures are of."""

    def item(self, key: ItemKey) -> Item: ...

    def stamp(self, key: ItemKey) -> tuple[int, ...]: ...

    def picture_size(self, key: ItemKey) -> int: ...


@dataclass(frozen=True, slots=True)
class _Recipe:
    """What a line says of one output. ``entry`` is its JSON."""

    source: ItemKey
    mark: str
    entry: Mapping[str, Any]

    @property
    def view(self) -> View:
        return View.from_json(self.entry["view"])


class RecipeStorage:
    """Makes pictures and annotations again. ``find`` opens a source project by its name."""

    def __init__(self, files: Files, shapes: Mapping[str, str], find: Callable[[str], SourceProject]) -> None:
        self._files = files
        self._shapes = shapes
        self._find = find
        self._index = Index(files)
        self._block = lru_cache(_BLOCKS)(self._read_block)
        self._source = lru_cache(_SOURCES)(self._read_source)

    def datasets(self) -> list[str]:
        return self._index.datasets()

    def names(self, dataset: str) -> list[str]:
        return self._index.names(dataset)

    def annotation(self, key: ItemKey) -> Annotation:
        recipe = self._recipe(key)
        source, view, entry = self._source(recipe.source, recipe.mark).annotation, recipe.view, recipe.entry
        return Annotation(
            image=view.size,
            figures=tuple(_figure(document, source, view, self._shapes) for document in entry["figures"]),
            tags=tuple(map(Tag.from_json, entry["tags"])),
            description=entry.get("description", source.description),
            extra=entry.get("extra", source.extra),
        )

    def image(self, key: ItemKey, size: Size) -> LazyImage:
        image = self._image(key)
        return LazyImage(size, image.pixels, file=lambda: picture_file(image, key.suffix))

    def picture_bytes(self, key: ItemKey) -> bytes:
        return picture_file(self._image(key), key.suffix)

    def picture_size(self, key: ItemKey) -> int:
        """The share of its source's bytes."""
        recipe = self._recipe(key)
        source = self._source(recipe.source, recipe.mark)
        whole = self._find(recipe.source.project).picture_size(recipe.source)
        return whole * recipe.view.size.area // source.image.size.area

    def stamp(self, key: ItemKey) -> tuple[int, ...]:
        """Of the recipe alone: a source that has changed is an error when the picture is read."""
        place = self._index.place(key)
        return (*self._files.stamp(recipe_path(place.block)), place.row)

    def _image(self, key: ItemKey) -> LazyImage:
        recipe = self._recipe(key)
        image, view = self._source(recipe.source, recipe.mark).image, recipe.view
        image = image.crop(view.window)
        for axis in view.axes:
            image = image.mirror(axis)
        return image

    def _recipe(self, key: ItemKey) -> _Recipe:
        place = self._index.place(key)
        return self._block(place.block)[place.row]

    def _read_block(self, block: str) -> list[_Recipe]:
        path = recipe_path(block)
        try:
            lines = map(json.loads, gzip.decompress(self._files.read(path)).splitlines())
            return [
                _Recipe(ItemKey(*line["source"]), line["mark"], entry) for line in lines for entry in line["outputs"]
            ]
        except (OSError, EOFError, ValueError, KeyError) as error:
            raise DataError(
                f"{self._files.path(path)}: cannot be read: {error}; make the project again by its query"
            ) from None

    def _read_source(self, key: ItemKey, mark: str) -> Item:
        here, remedy = self._files.root, "make the project again by its query, or restore the source"
        try:
            source = self._find(key.project)
            origin = Origin(source.item(key), source.stamp(key))
        except WorkspaceError as error:
            raise DataError(f"{here} holds recipes of {key}, which is missing ({error}); {remedy}") from None
        if _mark_of(origin) != mark:
            raise DataError(f"{here} holds recipes of {key}, which has changed since; {remedy}")
        return origin.item


def _mark_of(origin: Origin) -> str:
    """Changes with the annotation and with the length of the picture's file, not with the time of either.

    So a workspace can be copied, and a source that was edited is noticed.
    """
    lengths = origin.stamp[::2]
    document = json.dumps([lengths, origin.item.annotation.to_json()], ensure_ascii=False, sort_keys=True)
    return hashlib.blake2b(document.encode(), digest_size=8).hexdigest()


@dataclass
class _Line:
    """A source picture with what is made of it."""

    origin: Origin
    bitmaps: Mapping[int, list[int]]
    entries: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, origin: Origin) -> "_Line":
        bitmaps = defaultdict(list)
        for place, figure in enumerate(origin.item.annotation.figures):
            if isinstance(figure.shape, Bitmap):
                bitmaps[id(figure.shape.root)].append(place)
        return cls(origin, bitmaps)

    def to_json(self) -> dict[str, Any]:
        key = self.origin.item.key
        return {
            "source": [key.project, key.dataset, key.name],
            "mark": _mark_of(self.origin),
            "outputs": self.entries,
        }


class RecipeWriter:
    """Keeps a block's recipes in memory, which are small, and writes them at its end."""

    def __init__(self, files: Files, block: str) -> None:
        self._files = files
        self._block = block
        self._lines: list[_Line] = []

    def __enter__(self) -> "RecipeWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        lines = [compact_json(line.to_json()) for line in self._lines if line.entries]
        if kind is None and lines:
            self._files.replace(recipe_path(self._block), gzip.compress(b"\n".join(lines), 6, mtime=0))

    def add(self, item: Item, name: str, *, origin: Origin, extras: Iterable[Extra] = ()) -> str:
        """DataError where pixels were changed otherwise than by windows and mirrors. The digest is of the recipe."""
        check_name(item.dataset, what="data set")
        check_picture_name(name)
        if not self._lines or self._lines[-1].origin.item.key != item.key:
            self._lines.append(_Line.of(origin))
        line = self._lines[-1]
        entry = {"dataset": item.dataset, "name": name, **_entry(item, line)}
        line.entries.append(entry)
        return digest_of(str(item.key).encode(), compact_json(entry))

    def remove(self, dataset: str, name: str) -> None:
        for line in self._lines:
            line.entries = [entry for entry in line.entries if (entry["dataset"], entry["name"]) != (dataset, name)]


def recipe_path(block: str) -> str:
    return f"{FOLDER}/{block}.jsonl.gz"


def _entry(item: Item, line: _Line) -> dict[str, Any]:
    view, annotation, source = item.image.view, item.annotation, line.origin.item.annotation
    if view is None:
        raise DataError(
            f"{item.key}: its pixels were changed, and a recipe holds only windows and mirrors; "
            "save it by a layer of action 'supervisely' or 'parquet'"
        )
    entry: dict[str, Any] = {
        "view": view.to_json(),
        "tags": [tag.to_json() for tag in annotation.tags],
        "figures": [_figure_entry(figure, line, view) for figure in annotation.figures],
    }
    if annotation.description != source.description:
        entry["description"] = annotation.description
    if annotation.extra != source.extra:
        entry["extra"] = dict(annotation.extra)
    return entry


def _figure_entry(figure: Figure, line: _Line, view: View) -> Any:
    """The number of the source's figure that this one is, with what differs; the figure itself where it is none."""
    shape = figure.shape
    for place in line.bitmaps.get(id(shape.root), ()) if isinstance(shape, Bitmap) else ():
        source = line.origin.item.annotation.figures[place]
        if figure.extra == source.extra and _seen(source.shape, view) == shape:
            changes = _changes(source, figure)
            return [place, changes] if changes else place
    return figure.to_json()


def _changes(old: Figure, new: Figure) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if new.class_name != old.class_name:
        changes["class"] = new.class_name
    if new.tags != old.tags:
        changes["tags"] = [tag.to_json() for tag in new.tags]
    if new.description != old.description:
        changes["description"] = new.description
    return changes


def _figure(document: Any, source: Annotation, view: View, shapes: Mapping[str, str]) -> Figure:
    """What :func:`_figure_entry` told."""
    if isinstance(document, dict):
        return Figure.from_json(document, shapes)
    place, changes = document if isinstance(document, list) else (document, {})
    old = source.figures[place]
    shape = _seen(old.shape, view)
    assert shape is not None, "only figures that are seen were written"
    tags = tuple(map(Tag.from_json, changes["tags"])) if "tags" in changes else old.tags
    return Figure(
        changes.get("class", old.class_name), shape, tags, changes.get("description", old.description), old.extra
    )


def _seen(shape: Any, view: View) -> Bitmap | None:
    """What of a bitmap is seen; None for nothing."""
    assert isinstance(shape, Bitmap)
    for part in shape.crop(view.window):
        for axis in view.axes:
            part = part.mirror(axis, view.size)
        return part
    return None
