"""What became of every source picture: the file from which a stopped transform goes on, and the lineage of its outputs.

A folder of JSON lines, one line a source picture, one file a block of them that a worker did; a file is there whole or
not at all.
"""

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from kittiseg.project.ahead import map_in_threads
from kittiseg.project.files import Files
from kittiseg.project.geometry import View
from kittiseg.project.item import Deed, ItemKey

FOLDER = "meta/lineage"
"""Where other tools that read projects look for no data set."""

_BEGUN = "begun"  # a block of no rows


@dataclass(frozen=True, slots=True)
class Output:
    """A picture that was written. ``digest`` is of its file and its annotation's.

    ``view``: what it shows of its source; None where its pixels were changed otherwise than by windows and mirrors.
    """

    dataset: str
    name: str
    digest: str
    lineage: tuple[Deed, ...] = ()
    view: View | None = None

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Output":
        deeds = tuple(Deed(layer, action, did) for layer, action, did in document["lineage"])
        view = View.from_json(document["view"]) if document.get("view") else None
        return cls(document["dataset"], document["name"], document["digest"], deeds, view)

    def to_json(self) -> dict[str, Any]:
        deeds = [[deed.layer, deed.action, dict(deed.did)] for deed in self.lineage]
        view = {} if self.view is None else {"view": self.view.to_json()}
        return {"dataset": self.dataset, "name": self.name, "digest": self.digest, "lineage": deeds, **view}


@dataclass(frozen=True, slots=True)
class Row:
    """One source picture: how many pictures left each port of the program, the outputs, their tags, what was odd.

    ``stamp`` tells whether the source has changed since (``Project.stamp``). ``error`` says why it could not be done;
    then it has no outputs, and is done again when the transform goes on.
    """

    source: ItemKey
    stamp: tuple[int, ...] = ()
    counts: tuple[int, ...] = ()
    outputs: tuple[Output, ...] = ()
    tags: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    error: str | None = None

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Row":
        return cls(
            ItemKey(*document["source"]),
            tuple(document["stamp"]),
            tuple(document["counts"]),
            tuple(map(Output.from_json, document["outputs"])),
            document["tags"],
            tuple(document["warnings"]),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "source": [self.source.project, self.source.dataset, self.source.name],
            "stamp": list(self.stamp),
            "counts": list(self.counts),
            "outputs": [output.to_json() for output in self.outputs],
            "tags": dict(self.tags),
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal in the folder of a project, finished or being written."""

    files: Files

    @property
    def begun(self) -> bool:
        return bool(self.files.files(FOLDER))

    def write(self, block: str, rows: Sequence[Row]) -> None:
        """Puts down a block of rows, those with an error left out. The same block written again replaces itself.

        On a disk, StorageError where the folder is not there: the run that made it is dead, and another goes on
        elsewhere.
        """
        done = [row for row in rows if row.error is None]
        if done:
            lines = (json.dumps(row.to_json(), ensure_ascii=False, separators=(",", ":")) for row in done)
            place, data = f"{FOLDER}/{block}.jsonl", "".join(f"{line}\n" for line in lines).encode()
            if self.files.is_store:
                self.files.write(place, data)
                return
            beside = f"{FOLDER}/.{block}.{uuid.uuid4().hex[:8]}"
            self.files.write(beside, data)  # where the folder is gone, fails
            self.files.move(beside, place)

    def begin(self) -> None:
        """Says that what stands in the folder is known from here on, though nothing is done yet."""
        self.files.replace(f"{FOLDER}/{_BEGUN}.jsonl", b"")

    def tidy(self) -> None:
        """Removes half-written blocks, which a kill left."""
        for name in self.files.hidden(FOLDER):
            self.files.remove(f"{FOLDER}/{name}")

    @property
    def blocks(self) -> list[str]:
        return [name.removesuffix(".jsonl") for name in self.files.files(FOLDER)]

    def block(self, block: str) -> list[Row]:
        """The rows of one block, in their order."""
        return _rows(self.files.read(f"{FOLDER}/{block}.jsonl"))

    def find_block(self, block: str) -> list[Row]:
        """As :meth:`block`; none where it has not been written."""
        return _rows(self.files.find(f"{FOLDER}/{block}.jsonl") or b"")

    def rows(self) -> Iterator[Row]:
        """Every row, block after block, in no order that means anything."""
        return chain.from_iterable(map_in_threads(self.block, self.blocks, self.files.threads))

    def find(self, dataset: str, name: str) -> tuple[Row, Output] | None:
        """What became of a picture's source, and how it was made of it; None where the journal does not know it."""
        wanted = json.dumps(name, ensure_ascii=False).encode()
        read = map_in_threads(lambda block: self.files.read(f"{FOLDER}/{block}.jsonl"), self.blocks, self.files.threads)
        for line in chain.from_iterable(data.splitlines() for data in read):
            if wanted in line:  # most lines need not be parsed
                row = Row.from_json(json.loads(line))
                for output in row.outputs:
                    if (output.dataset, output.name) == (dataset, name):
                        return row, output
        return None


def _rows(data: bytes) -> list[Row]:
    return [Row.from_json(json.loads(line)) for line in data.splitlines()]
