"""A project that is being written: hidden until it is whole, by many workers at once, and again after a stop."""

import json
import uuid
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from kittiseg.project.annotation import Annotation
from kittiseg.project.files import Files
from kittiseg.project.folder import FolderWriter, keep_only_files, write_files
from kittiseg.project.index import write_index
from kittiseg.project.journal import FOLDER as LINEAGE
from kittiseg.project.journal import Journal, Output, Row
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.names import check_name
from kittiseg.project.recipes import RecipeWriter, recipe_path
from kittiseg.project.shards import ShardWriter, shard_path
from kittiseg.project.storage import FILES, Layout, Writer

if TYPE_CHECKING:
    from kittiseg.project.store import Project, Workspace


@dataclass(frozen=True)
class Draft:
    """A project that is being written, by many workers at once; :meth:`commit` makes it appear."""

    name: str
    workspace: "Workspace"
    folder: str
    overwrite: bool = False
    layout: Layout = FILES

    @property
    def files(self) -> Files:
        return self.workspace.files.within(self.folder)

    @property
    def journal(self) -> Journal:
        return Journal(self.files)

    def writer(self, block: str, meta: ProjectMeta) -> Writer:
        """Writes a block of pictures (``block_name``), whatever the storage."""
        if self.layout.kind == "parquet":
            return ShardWriter(self.files, block, meta)
        if self.layout.kind == "recipe":
            return RecipeWriter(self.files, block)
        return FolderWriter(self.files, self.layout)

    def add_dataset(self, dataset: str) -> None:
        """A data set of files, perhaps without any."""
        check_name(dataset, what="data set")
        self.files.make_folder(f"{dataset}/img")
        self.files.make_folder(f"{dataset}/ann")

    def write(self, dataset: str, name: str, *, picture: bytes | BinaryIO, annotation: Annotation) -> str:
        """One picture's file with its annotation; the data set's folders must be there (:meth:`add_dataset`).

        A picture that is an open file is copied piece by piece. Gives the digest of both files.
        """
        return write_files(self.files, dataset, name, picture=picture, annotation=annotation)

    def commit(self, meta: ProjectMeta, provenance: dict[str, Any]) -> "Project":
        """The project under its name, in place of one that ``Workspace.draft(overwrite=True)`` was told to replace.

        WorkspaceError where another draft of the name was quicker and may not be replaced.
        """
        self.journal.tidy()
        self.layout.write(self.files)
        if self.layout.kind != "folder":
            self.keep_only(())  # no shards of workers that died
            blocks = self.journal.blocks
            write_index(self.files, ((block, _outputs(self.journal.block(block))) for block in blocks))
        self.files.write("provenance.json", _pretty(provenance))
        self.files.write("meta.json", _pretty(meta.to_json()))
        self.workspace.refuse_existing(self.name, kind="project", overwrite=self.overwrite)
        files, target = self.workspace.files, f"projects/{self.name}"
        if files.is_store:
            self.workspace.versions(self.name).publish(self.folder.rpartition("/")[2])
            return self.workspace.project(self.name)
        old = f"projects/.{self.name}.old-{uuid.uuid4().hex[:8]}"
        if files.exists(target):
            files.move(target, old)
        files.move(self.folder, target)
        files.remove(old)
        return self.workspace.project(self.name)

    def keep_only(self, known: Collection[tuple[str, str]]) -> None:
        """Takes back all that the journal does not know, which a kill left. ``known``: its data sets and names."""
        if self.layout.kind == "folder":
            keep_only_files(self.files, known)
            return
        place = shard_path if self.layout.kind == "parquet" else recipe_path
        known_places = {place(block) for block in self.journal.blocks}
        folder = place("").split("/")[0]
        for name in (*self.files.files(folder), *self.files.hidden(folder)):
            if f"{folder}/{name}" not in known_places:
                self.files.remove(f"{folder}/{name}")

    def restart(self) -> None:
        """Throws away what was written."""
        self.discard()
        self.files.make_folder(LINEAGE)

    def discard(self) -> None:
        """Throws away what was written, unless it has become the project."""
        version = self.folder.rpartition("/")[2]
        if not (self.workspace.files.is_store and self.workspace.versions(self.name).current == version):
            self.workspace.files.remove(self.folder)


def _outputs(rows: Iterable[Row]) -> Iterator[Output]:
    return (output for row in rows for output in row.outputs)


def _pretty(document: Any) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()
