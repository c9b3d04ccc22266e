"""Pictures and annotations as files in Supervisely's layout: ``<data set>/img/<name>``, ``.../ann/<name>.json``."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import PurePosixPath
from typing import BinaryIO

from kittiseg.errors import DataError, WorkspaceError
from kittiseg.project.ahead import Behind
from kittiseg.project.annotation import Annotation
from kittiseg.project.files import Files
from kittiseg.project.geometry import Size
from kittiseg.project.item import Item, ItemKey
from kittiseg.project.names import check_name, check_picture_name
from kittiseg.project.pixels import PICTURE_SUFFIXES, LazyImage, encode
from kittiseg.project.regions import region_reader
from kittiseg.project.storage import (
    FILES,
    Extra,
    Layout,
    Origin,
    annotation_file,
    digest_of,
    digest_of_all,
    picture_file,
)

_PIECE = 1 << 20  # bytes of a large file that are copied at a time


@dataclass(frozen=True)
class FolderStorage:
    """Reads the files. ``shapes``: class name -> shape. Of an incomplete folder, it lists what there is."""

    files: Files
    shapes: Mapping[str, str]
    layout: Layout = FILES

    def datasets(self) -> list[str]:
        if self.layout.annotations:
            return [name for name in self.files.folders() if self.files.exists(f"{name}/ann")]
        return [name for name in self.files.folders() if self._folders(name)]

    def names(self, dataset: str) -> list[str]:
        if not self.layout.images:
            folder = next(iter(self._folders(dataset)), "")
            return [name.removesuffix(".json") for name in self.files.files(f"{dataset}/{folder}")]
        return [name for name in self.files.files(f"{dataset}/img") if name.lower().endswith(PICTURE_SUFFIXES)]

    def annotation(self, key: ItemKey) -> Annotation:
        path = _annotation(key.dataset, key.name)
        try:
            document = self.files.read_json(path)
        except WorkspaceError as error:
            raise DataError(f"{key}: {error}; put its annotation there, or remove the picture") from None
        try:
            return Annotation.from_json(document, self.shapes)
        except DataError as error:
            raise DataError(f"{path} of project '{key.project}': {error}") from None

    def image(self, key: ItemKey, size: Size) -> LazyImage:
        """Of a TIFF file only those parts are read that are seen."""
        path, name = _picture(key.dataset, key.name), str(key)
        regions = region_reader(lambda: self.files.open(path), size, name=name)
        return LazyImage.from_file(size, lambda: self.picture_bytes(key), name=name, read_region=regions)

    def picture_bytes(self, key: ItemKey) -> bytes:
        return self.files.read(_picture(key.dataset, key.name))

    def open_picture(self, key: ItemKey) -> BinaryIO:
        """As :meth:`picture_bytes`, to be read piece by piece."""
        return self.files.open(_picture(key.dataset, key.name))

    def picture_size(self, key: ItemKey) -> int:
        return self.files.size(_picture(key.dataset, key.name))

    def stamp(self, key: ItemKey) -> tuple[int, ...]:
        files = self.files
        return (*files.stamp(_picture(key.dataset, key.name)), *files.stamp(_annotation(key.dataset, key.name)))

    def _folders(self, dataset: str) -> list[str]:
        return _folders(self.files, dataset)


@dataclass
class FolderWriter:
    """Writes each picture as it comes; into a store, many at once, behind whoever makes them.

    Names decide the files, so that a block done twice replaces itself.
    """

    files: Files
    layout: Layout = FILES
    _folders: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._behind = Behind(self.files.threads)

    def __enter__(self) -> "FolderWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        try:
            if kind is None:
                self._behind.wait()
        finally:
            self._behind.close()

    def add(self, item: Item, name: str, *, origin: Origin, extras: Iterable[Extra] = ()) -> str:
        """Extras are PNG files of the picture's stem: ``<data set>/<folder>/<stem>.png``."""
        check_name(item.dataset, what="data set")
        check_picture_name(name)
        made = []
        if self.layout.images:
            made.append((_picture(item.dataset, name), picture_file(item.image, item.key.suffix)))
        if self.layout.annotations:
            made.append((_annotation(item.dataset, name), annotation_file(item.annotation)))
        made += [(_extra(item.dataset, folder, name), encode(image_hwc, ".png")) for folder, image_hwc in extras]
        for path, data in made:
            self._write(path, data)
        return digest_of(*(data for _, data in made))

    def remove(self, dataset: str, name: str) -> None:
        self._behind.wait()
        extras = (place.removeprefix(f"{dataset}/") for place in self._folders if place.startswith(f"{dataset}/"))
        for path in (_picture(dataset, name), _annotation(dataset, name), *(_extra(dataset, e, name) for e in extras)):
            self.files.remove(path)

    def _write(self, path: str, data: bytes) -> None:
        folder = path.rsplit("/", 1)[0]
        if folder not in self._folders:
            self.files.make_folder(folder)
            self._folders.add(folder)
        self._behind.call(self.files.write, path, data)


def write_files(files: Files, dataset: str, name: str, *, picture: bytes | BinaryIO, annotation: Annotation) -> str:
    """A picture's file as it is, with its annotation, where the folders are there; gives the digest of both files."""
    check_name(dataset, what="data set")
    check_picture_name(name)
    document = annotation_file(annotation)
    pieces = [picture] if isinstance(picture, bytes) else iter(partial(picture.read, _PIECE), b"")
    digest = digest_of_all(chain(files.write_pieces(_picture(dataset, name), pieces), [document]))
    files.write(_annotation(dataset, name), document)
    return digest


def keep_only_files(files: Files, known: Collection[tuple[str, str]]) -> None:
    """Removes all pictures, annotations and extras but those of these data sets and names."""
    for dataset in files.folders():
        stems = {PurePosixPath(name).stem for place, name in known if place == dataset}
        for folder in _folders(files, dataset):
            for file in files.files(f"{dataset}/{folder}"):
                name = file.removesuffix(".json") if folder == "ann" else file
                kept = (dataset, name) in known if folder in ("img", "ann") else PurePosixPath(file).stem in stems
                if not kept:
                    files.remove(f"{dataset}/{folder}/{file}")


def _folders(files: Files, dataset: str) -> list[str]:
    return [folder for folder in files.folders(dataset) if folder != "lineage"]  # meta/lineage is the journal


def _picture(dataset: str, name: str) -> str:
    return f"{dataset}/img/{name}"


def _annotation(dataset: str, name: str) -> str:
    return f"{dataset}/ann/{name}.json"


def _extra(dataset: str, folder: str, name: str) -> str:
    return f"{dataset}/{folder}/{PurePosixPath(name).stem}.png"
