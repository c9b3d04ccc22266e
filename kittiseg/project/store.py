"""The workspace: a folder, or a prefix in object storage, that holds projects, models, sweeps and reports.

A project appears whole or not at all: it is written under a name that starts with a dot, and renamed when it is
complete. In object storage nothing can be renamed; :mod:`kittiseg.project.versions` says what is done there.
"""

import io
import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from kittiseg.config import did_you_mean
from kittiseg.errors import DataError, WorkspaceError
from kittiseg.project.ahead import map_in_threads
from kittiseg.project.annotation import Annotation
from kittiseg.project.draft import Draft
from kittiseg.project.files import Files
from kittiseg.project.folder import FolderStorage
from kittiseg.project.item import Item, ItemKey
from kittiseg.project.journal import FOLDER as LINEAGE
from kittiseg.project.journal import Journal
from kittiseg.project.locks import locked
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.names import check_name, check_picture_name
from kittiseg.project.pixels import LazyImage
from kittiseg.project.recipes import RecipeStorage
from kittiseg.project.shards import ShardStorage
from kittiseg.project.storage import FILES, Layout, Storage
from kittiseg.project.versions import Versions

__all__ = ["Draft", "Files", "Project", "Workspace", "check_name", "check_picture_name"]

_FETCHED = 1 << 25  # bytes; larger files are read when they are wanted


@dataclass(frozen=True)
class Project:
    """A project that is there. Reading is lazy: pictures and annotations are opened one by one."""

    name: str
    files: Files = field(repr=False)

    @cached_property
    def meta(self) -> ProjectMeta:
        try:
            return ProjectMeta.from_json(self.files.read_json("meta.json"))
        except DataError as error:
            raise DataError(f"project '{self.name}': {error}") from None

    def __reduce__(self) -> Any:
        """Workers read for themselves what they need: an index may be large."""
        return Project, (self.name, self.files)

    @cached_property
    def layout(self) -> Layout:
        return Layout.read(self.files)

    @cached_property
    def storage(self) -> Storage:
        shapes = self.meta.shapes
        if self.layout.kind == "parquet":
            return ShardStorage(self.files, shapes)
        if self.layout.kind == "recipe":
            return RecipeStorage(self.files, shapes, self._workspace.project)
        return FolderStorage(self.files, shapes, self.layout)

    @property
    def _workspace(self) -> "Workspace":
        """The one that it lies in, at ``projects/<name>`` or in a version of it."""
        files = self.files
        return Workspace(Files(files.filesystem, files.root.rsplit(f"/projects/{self.name}", 1)[0]))

    @property
    def datasets(self) -> list[str]:
        return self.storage.datasets()

    @property
    def images(self) -> int:
        """How many pictures it has, also where they are for export only."""
        return sum(len(self.storage.names(dataset)) for dataset in self.datasets)

    def keys(self, datasets: Sequence[str] | None = None) -> list[ItemKey]:
        """Every picture, by data set and name. DataError where pictures or annotations were not saved."""
        if not self.layout.whole:
            missing = "pictures" if not self.layout.images else "annotations"
            raise DataError(
                f"project '{self.name}' was saved without {missing}, for export only; to go on with it, save it "
                'with "images": true and "annotations": true'
            )
        return list(self.iter_keys(datasets))

    def iter_keys(self, datasets: Sequence[str] | None = None) -> Iterator[ItemKey]:
        """As :meth:`keys`, one by one: there may be millions."""
        for dataset in self.datasets if datasets is None else datasets:
            yield from (ItemKey(self.name, dataset, name) for name in self.storage.names(dataset))

    def annotation(self, key: ItemKey) -> Annotation:
        return self.storage.annotation(key)

    def picture_size(self, key: ItemKey) -> int:
        """Bytes of the picture's file, or about so many where it has none of its own."""
        return self.storage.picture_size(key)

    def stamp(self, key: ItemKey) -> tuple[int, ...]:
        """Changes when the picture or its annotation is written."""
        return self.storage.stamp(key)

    @property
    def digest(self) -> str | None:
        """Of every picture and annotation, as its making found it; None where that is not known."""
        return self.provenance.get("digest")

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """How the project was made; empty where nobody wrote it down."""
        known = self.files.read_json("provenance.json") if self.files.exists("provenance.json") else {}
        return known if isinstance(known, dict) else {}

    @property
    def journal(self) -> Journal:
        """How its pictures were made; empty where no query made them."""
        return Journal(self.files)

    def picture_bytes(self, key: ItemKey) -> bytes:
        """The picture as a file of the kind that its name says."""
        return self.storage.picture_bytes(key)

    def open_picture(self, key: ItemKey) -> BinaryIO:
        """As :meth:`picture_bytes`, to be read piece by piece where it is a file of its own."""
        storage = self.storage
        return storage.open_picture(key) if isinstance(storage, FolderStorage) else io.BytesIO(self.picture_bytes(key))

    def item(self, key: ItemKey) -> Item:
        """The picture (not yet decoded) with its annotation."""
        annotation = self.annotation(key)
        image = self.storage.image(key, annotation.image)
        return Item(key=key, image=image, annotation=annotation, dataset=key.dataset)

    def fetched(self, item: Item) -> Item:
        """One of its items, with the picture's file in memory: where each request to a store takes its time.

        As it is on a disk, where there is no such file, or one that is large or is read in parts.
        """
        key, files = item.key, self.files
        is_read_whole = self.layout.kind != "recipe" and not key.suffix.lower().startswith(".tif")
        if not (files.is_store and is_read_whole and self.picture_size(key) <= _FETCHED):
            return item
        data = self.picture_bytes(key)
        return replace(item, image=LazyImage.from_file(item.image.size, lambda: data, name=str(key)))


@dataclass(frozen=True)
class Workspace:
    """Where projects, models, sweeps and reports live."""

    files: Files

    @classmethod
    def at(cls, location: str | Path) -> "Workspace":
        return cls(Files.at(location))

    def projects(self) -> list[str]:
        names = self.files.folders("projects")
        there = map_in_threads(self._folder, names, self.files.threads)
        return [name for name, folder in zip(names, there, strict=True) if folder is not None]

    def models(self) -> list[str]:
        return [name for name in self.files.folders("models") if self.files.exists(f"models/{name}/config.json")]

    def project(self, name: str) -> Project:
        check_name(name, what="project")
        folder = self._folder(name)
        if folder is None:
            raise WorkspaceError(f"no project '{name}' in {self.files.root}{did_you_mean(name, self.projects())}")
        return Project(name, self.files.within(folder))

    def versions(self, name: str) -> Versions:
        """Those of a project in object storage."""
        return Versions(self.files.within(f"projects/{name}"))

    def _folder(self, name: str) -> str | None:
        """Where a project lies; None where there is none."""
        version = self.versions(name).current
        return None if version is None else f"projects/{name}/{version}".rstrip("/")

    def model_files(self, name: str) -> Files:
        """The folder of a model that is there."""
        check_name(name, what="model")
        if not self.files.exists(f"models/{name}/config.json"):
            raise WorkspaceError(f"no model '{name}' in {self.files.root}{did_you_mean(name, self.models())}")
        return self.files.within(f"models/{name}")

    def sweeps(self) -> list[str]:
        return [name for name in self.files.folders("sweeps") if self.files.exists(f"sweeps/{name}/sweep.json")]

    def sweep_files(self, name: str) -> Files:
        """The folder of a sweep that is there."""
        check_name(name, what="sweep")
        if not self.files.exists(f"sweeps/{name}/sweep.json"):
            raise WorkspaceError(f"no sweep '{name}' in {self.files.root}{did_you_mean(name, self.sweeps())}")
        return self.files.within(f"sweeps/{name}")

    def refuse_existing(self, name: str, *, kind: str, overwrite: bool) -> None:
        """WorkspaceError where ``kind`` ("project", "model") ``name`` is there and may not be replaced."""
        check_name(name, what=kind)
        if not overwrite and self._exists(name, kind):
            raise WorkspaceError(
                f"{kind} '{name}' exists in {self.files.root}; choose another name, or replace it by --overwrite"
            )

    def _exists(self, name: str, kind: str) -> bool:
        """In a store, where kills leave parts of what was copied, only what readers would find is there."""
        if not self.files.is_store:
            return self.files.exists(f"{kind}s/{name}")
        return self._folder(name) is not None if kind == "project" else self.files.exists(f"models/{name}/config.json")

    def draft(self, name: str, *, overwrite: bool = False, key: str | None = None, layout: Layout = FILES) -> Draft:
        """Begins a project; WorkspaceError where one of the name exists and may not be replaced.

        With a ``key``, goes on with what a stopped run of the same key has left. That gets another name, for workers
        of a run that was killed may go on for a second: what they write by the old one then never gets in.
        """
        self.refuse_existing(name, kind="project", overwrite=overwrite)
        if self.files.is_store:
            return Draft(name, self, f"projects/{name}/{self.versions(name).begin(key)}", overwrite, layout)
        folder = f"projects/.{name}.{key or 'new'}_{uuid.uuid4().hex[:8]}.partial"
        for left in self._resumable(name, key) if key else []:
            self.files.move(f"projects/{left}", folder)
        self.files.make_folder(folder if key is None else f"{folder}/{LINEAGE}")
        return Draft(name, self, folder, overwrite, layout)

    def reopen(self, name: str, key: str) -> None:
        """Makes a project that is not complete a draft of this key again, to go on with."""
        if self.files.is_store:
            self.versions(name).reopen(key)
        else:
            self.files.move(f"projects/{name}", f"projects/.{name}.{key}_{uuid.uuid4().hex[:8]}.partial")

    @contextmanager
    def lock(self, name: str, *, keep: str | None = None) -> Iterator[None]:
        """Nobody else writes project ``name`` meanwhile; WorkspaceError where somebody does. Not in object storage.

        What stopped runs have left of it is removed, but for a draft whose key is ``keep``.
        """
        check_name(name, what="project")
        if self.files.is_store:
            self.versions(name).tidy(keep=keep)
            yield
            return
        with locked(self.files, name, busy=f"project '{name}' is being written by another process; wait, or stop it"):
            self._mend(name, keep)
            yield
            self._mend(name, keep)

    def _mend(self, name: str, keep: str | None) -> None:
        """Removes drafts that a kill left; ends a replacement that it stopped between its two renames."""
        kept = self._resumable(name, keep) if keep else []
        for folder in self.files.hidden("projects"):
            left = re.fullmatch(re.escape(f".{name}.") + r"(old-\w+|(?P<draft>\w+)\.partial)", folder)
            if left is None or folder in kept:
                continue
            if left["draft"] or self.files.exists(f"projects/{name}"):
                self.files.remove(f"projects/{folder}")
            else:
                self.files.move(f"projects/{folder}", f"projects/{name}")

    def _resumable(self, name: str, key: str) -> list[str]:
        """The draft of a key whose journal has begun, or none. Without a journal nobody knows what is in a draft."""
        drafts = [folder for folder in self.files.hidden("projects") if folder.startswith(f".{name}.{key}_")]
        return [folder for folder in drafts if Journal(self.files.within(f"projects/{folder}")).begun][:1]
