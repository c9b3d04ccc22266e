"""Pictures and annotations as rows of Parquet files, one file a block: ``shards/<block>.parquet``.

Any reader of Parquet understands them, Ray Data among them. ``image`` is the picture's file, ``label_map`` a PNG of one
byte a pixel: 0 where no figure is, else one more than the place of the figure's class in meta.json. ``annotation`` and
``lineage`` are JSON as in the other storages.
"""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kittiseg.errors import DataError
from kittiseg.project.annotation import Annotation
from kittiseg.project.file_errors import writing
from kittiseg.project.files import Files
from kittiseg.project.geometry import Size
from kittiseg.project.index import Index, Place
from kittiseg.project.item import Item, ItemKey
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.names import check_name, check_picture_name
from kittiseg.project.pixels import LazyImage, encode
from kittiseg.project.storage import Extra, Origin, annotation_file, compact_json, digest_of, picture_file

FOLDER = "shards"
MOST_CLASSES = 255
"""A label map has one byte a pixel, and 0 is no class."""

GROUP_BYTES = 1 << 20
"""A row group ends with the picture that fills it: whoever reads one picture reads so much at most besides."""

GROUP_ROWS = 64
_OPEN = 32  # shards whose footers a reader keeps

SCHEMA = pa.schema(
    {
        "dataset": pa.string(),
        "name": pa.string(),
        "width": pa.int32(),
        "height": pa.int32(),
        "image": pa.binary(),
        "label_map": pa.binary(),
        "annotation": pa.string(),
        "tags": pa.list_(pa.string()),
        "source_project": pa.string(),
        "source_dataset": pa.string(),
        "source_name": pa.string(),
        "lineage": pa.string(),
    }
)
_PACKED = ("image", "label_map")  # PNG and JPEG do not become smaller


class ShardStorage:
    """Reads rows; of a row group only the columns that are asked for."""

    def __init__(self, files: Files, shapes: Mapping[str, str]) -> None:
        self._files = files
        self._shapes = shapes
        self._index = Index(files)
        self._shard = lru_cache(_OPEN)(self._open)

    def datasets(self) -> list[str]:
        return self._index.datasets()

    def names(self, dataset: str) -> list[str]:
        return self._index.names(dataset)

    def annotation(self, key: ItemKey) -> Annotation:
        document = json.loads(self._read(key, "annotation"))
        try:
            return Annotation.from_json(document, self._shapes)
        except DataError as error:
            raise DataError(f"{key}: {error}") from None

    def image(self, key: ItemKey, size: Size) -> LazyImage:
        return LazyImage.from_file(size, lambda: self.picture_bytes(key), name=str(key))

    def picture_bytes(self, key: ItemKey) -> bytes:
        return self._read(key, "image")

    def picture_size(self, key: ItemKey) -> int:
        """The mean of its row group."""
        place = self._index.place(key)
        shard = self._shard(place.block)
        group = shard.metadata.row_group(shard.group_of(place.row)[0])
        return group.column(SCHEMA.get_field_index("image")).total_uncompressed_size // group.num_rows

    def stamp(self, key: ItemKey) -> tuple[int, ...]:
        place = self._index.place(key)
        return (*self._files.stamp(shard_path(place.block)), place.row)

    def _read(self, key: ItemKey, column: str) -> Any:
        place = self._index.place(key)
        try:
            return self._shard(place.block).read(place, column)
        except (OSError, pa.ArrowInvalid) as error:
            path = self._files.path(shard_path(place.block))
            raise DataError(f"{path}: cannot be read: {error}; make the project again by its query") from None

    def _open(self, block: str) -> "_Shard":
        path = self._files.path(shard_path(block))
        metadata = pq.read_metadata(path, filesystem=self._files.filesystem)
        return _Shard(self._files, path, metadata)


@dataclass(frozen=True)
class _Shard:
    """A file whose footer was read; its pages are read when asked for, by any thread."""

    files: Files
    path: str
    metadata: Any

    def group_of(self, row: int) -> tuple[int, int]:
        """The row group of a row, and its place in there."""
        for group in range(self.metadata.num_row_groups):
            rows = self.metadata.row_group(group).num_rows
            if row < rows:
                return group, row
            row -= rows
        raise DataError(f"{self.path}: ends before one of its pictures; make the project again by its query")

    def read(self, place: Place, column: str) -> Any:
        group, row = self.group_of(place.row)
        with self.files.filesystem.open_input_file(self.path) as stream:
            table = pq.ParquetFile(stream, metadata=self.metadata).read_row_group(group, columns=[column])
        return table.column(column)[row].as_py()


class ShardWriter:
    """Writes one shard, a row group at a time; it appears when it is complete."""

    def __init__(self, files: Files, block: str, meta: ProjectMeta) -> None:
        self._files = files
        self._block = block
        self._labels = {entry.name: place for place, entry in enumerate(meta.classes, 1)}
        self._beside = f"{FOLDER}/.{block}.{uuid.uuid4().hex[:8]}"
        self._closing = ExitStack()
        self._open: pq.ParquetWriter | None = None
        self._rows: list[dict[str, Any]] = []
        self._removed: set[tuple[str, str]] = set()

    def __enter__(self) -> "ShardWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            with suppress(OSError):  # what it would add says nothing new
                self._closing.close()
            self._files.remove(self._beside)

    def add(self, item: Item, name: str, *, origin: Origin, extras: Iterable[Extra] = ()) -> str:
        """The digest is that of the files that a folder would have."""
        check_name(item.dataset, what="data set")
        check_picture_name(name)
        picture, document = picture_file(item.image, item.key.suffix), annotation_file(item.annotation)
        self._rows.append(
            {
                "dataset": item.dataset,
                "name": name,
                "width": item.image.size.width,
                "height": item.image.size.height,
                "image": picture,
                "label_map": encode(item.annotation.to_label_map(self._labels), ".png"),
                "annotation": document.decode(),
                "tags": [tag.name for tag in item.annotation.tags],
                "source_project": item.key.project,
                "source_dataset": item.key.dataset,
                "source_name": item.key.name,
                "lineage": compact_json([[deed.layer, deed.action, dict(deed.did)] for deed in item.lineage]).decode(),
            }
        )
        if len(self._rows) >= GROUP_ROWS or sum(len(row["image"]) for row in self._rows) >= GROUP_BYTES:
            self._flush()
        return digest_of(picture, document)

    def remove(self, dataset: str, name: str) -> None:
        self._removed.add((dataset, name))

    def _flush(self) -> None:
        kept = [row for row in self._rows if (row["dataset"], row["name"]) not in self._removed]
        self._rows = []
        if not kept:
            return
        with writing(self._files.path(self._beside)):
            if self._open is None:
                self._files.make_folder(FOLDER)
                self._open = self._closing.enter_context(_writer(self._files, self._beside))
            self._open.write_table(pa.Table.from_pylist(kept, SCHEMA))

    def _finish(self) -> None:
        self._close()
        if self._removed and self._files.exists(self._beside):
            self._leave_out_removed()
        if self._files.exists(self._beside):
            self._files.move(self._beside, shard_path(self._block))

    def _close(self) -> None:
        self._flush()
        with writing(self._files.path(self._beside)):
            self._closing.close()
        self._open = None

    def _leave_out_removed(self) -> None:
        """Pictures that were taken back after their row group was written: the file again, without them."""
        whole, self._beside = self._beside, f"{self._beside}.mended"
        try:
            for rows in _row_groups(self._files, whole):
                self._rows = rows
                self._flush()
            self._close()
        finally:
            self._files.remove(whole)


def shard_path(block: str) -> str:
    return f"{FOLDER}/{block}.parquet"


def _writer(files: Files, relative: str) -> pq.ParquetWriter:
    paths = ["tags.list.element" if name == "tags" else name for name in SCHEMA.names]
    return pq.ParquetWriter(
        files.path(relative),
        SCHEMA,
        filesystem=files.filesystem,
        compression={path: "NONE" if path in _PACKED else "ZSTD" for path in paths},
        use_dictionary=False,
        write_statistics=False,
    )


def _row_groups(files: Files, relative: str) -> Iterator[list[dict[str, Any]]]:
    with files.filesystem.open_input_file(files.path(relative)) as stream:
        file = pq.ParquetFile(stream)
        for group in range(file.num_row_groups):
            yield file.read_row_group(group).to_pylist()
