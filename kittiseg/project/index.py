"""Where each picture of a project lies that is kept in blocks: ``index.parquet``, made when the project is complete."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import pyarrow.parquet as pq

from kittiseg.errors import DataError, WorkspaceError
from kittiseg.project.file_errors import writing
from kittiseg.project.files import Files
from kittiseg.project.item import ItemKey
from kittiseg.project.journal import Output

FILE = "index.parquet"

_SCHEMA = pa.schema({"dataset": pa.string(), "name": pa.string(), "block": pa.string(), "row": pa.int32()})
_AT_ONCE = 10_000  # rows


@dataclass(frozen=True)
class Place:
    """A picture's block, and its place among the pictures of the block."""

    block: str
    row: int


def write_index(files: Files, blocks: Iterable[tuple[str, Iterable[Output]]]) -> None:
    """From the pictures of each block in the order in which they lie there; holds few of them at a time."""
    path = files.path(FILE)
    with writing(path), pq.ParquetWriter(path, _SCHEMA, compression="zstd", filesystem=files.filesystem) as writer:
        rows: list[dict[str, str | int]] = []
        for block, outputs in blocks:
            rows += [
                {"dataset": output.dataset, "name": output.name, "block": block, "row": row}
                for row, output in enumerate(outputs)
            ]
            if len(rows) >= _AT_ONCE:
                writer.write_table(pa.Table.from_pylist(rows, _SCHEMA))
                rows = []
        writer.write_table(pa.Table.from_pylist(rows, _SCHEMA))


@dataclass(frozen=True)
class Index:
    """The index of a project; read when first asked."""

    files: Files

    def datasets(self) -> list[str]:
        return sorted(self._by_dataset)

    def names(self, dataset: str) -> list[str]:
        return sorted(self._by_dataset.get(dataset, ()))

    def place(self, key: ItemKey) -> Place:
        """WorkspaceError where the project has no such picture."""
        try:
            return Place(*self._by_dataset[key.dataset][key.name])
        except KeyError:
            raise WorkspaceError(f"{key}: no such picture in {self.files.root}") from None

    @cached_property
    def _by_dataset(self) -> dict[str, dict[str, tuple[str, int]]]:
        path = self.files.path(FILE)
        try:
            with pq.ParquetFile(path, filesystem=self.files.filesystem) as file:
                table = file.read()
        except (OSError, pa.ArrowInvalid) as error:
            raise DataError(f"{path}: cannot be read: {error}; make the project again by its query") from None
        found: dict[str, dict[str, tuple[str, int]]] = defaultdict(dict)
        columns = (table.column(name).to_pylist() for name in _SCHEMA.names)
        for dataset, name, block, row in zip(*columns, strict=True):
            found[dataset][name] = block, row
        return dict(found)
