"""The workspace: a folder, or a prefix in object storage, that holds projects, models, sweeps and reports.

Everything goes through pyarrow.fs, so that both look the same to the stages. A project appears whole or not at all: it
is written under a name that starts with a dot, and renamed when it is complete.
"""

import json
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow.fs as pafs

from kittiseg.config import did_you_mean
from kittiseg.errors import DataError, WorkspaceError
from kittiseg.project.annotation import Annotation
from kittiseg.project.item import Item, ItemKey
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.pixels import PICTURE_SUFFIXES, LazyImage

_FORBIDDEN_IN_NAMES = '/\\|:*?"<>\n\t'


def check_name(name: str, *, what: str) -> str:
    """The name as it is; WorkspaceError where it cannot be the name of a folder on every system."""
    wrong = sorted({char for char in name if char in _FORBIDDEN_IN_NAMES})
    if not name.strip() or name.startswith((".", "$", " ")) or name.endswith((" ", ".")) or wrong or len(name) > 200:
        raise WorkspaceError(
            f"{name!r} cannot be the name of a {what}: use letters, digits, spaces, '-', '_', '.', '(' and ')', "
            f"beginning and ending with none of ' ', '.', '$'"
        )
    return name


@dataclass(frozen=True)
class Files:
    """A folder of a file system; paths are relative to it and written with '/'. Can be pickled and sent to workers."""

    filesystem: pafs.FileSystem
    root: str

    @classmethod
    def at(cls, location: str | Path) -> "Files":
        """From a local path or a URI (``s3://bucket/prefix``)."""
        text = str(location)
        if "://" in text:
            filesystem, root = pafs.FileSystem.from_uri(text)
            return cls(filesystem, root.rstrip("/"))
        return cls(pafs.LocalFileSystem(), str(Path(text).expanduser().resolve()))

    def path(self, relative: str) -> str:
        return f"{self.root}/{relative}" if relative else self.root

    def within(self, relative: str) -> "Files":
        return Files(self.filesystem, self.path(relative))

    @property
    def is_local(self) -> bool:
        return isinstance(self.filesystem, pafs.LocalFileSystem)

    def exists(self, relative: str) -> bool:
        return self.filesystem.get_file_info(self.path(relative)).type != pafs.FileType.NotFound

    def read(self, relative: str) -> bytes:
        """The bytes of a file; WorkspaceError where it is missing."""
        try:
            with self.filesystem.open_input_file(self.path(relative)) as stream:
                return stream.read()
        except FileNotFoundError:
            raise WorkspaceError(f"{self.path(relative)}: no such file") from None

    def read_json(self, relative: str) -> Any:
        try:
            return json.loads(self.read(relative))
        except ValueError as error:
            raise DataError(f"{self.path(relative)}: not valid JSON: {error}") from None

    def write(self, relative: str, data: bytes) -> None:
        """Writes a file of a folder that nobody reads yet; see :meth:`replace` for one that others may be reading."""
        with self.filesystem.open_output_stream(self.path(relative)) as stream:
            stream.write(data)

    def replace(self, relative: str, data: bytes) -> None:
        """Writes a file beside its place and renames it, so that a reader sees the old one or the new one whole."""
        self.make_folder(str(PurePosixPath(relative).parent))
        beside = f"{relative}.{uuid.uuid4().hex[:8]}.partial"
        self.write(beside, data)
        self.filesystem.move(self.path(beside), self.path(relative))

    def append(self, relative: str, data: bytes) -> None:
        if self.is_local:
            with Path(self.path(relative)).open("ab") as stream:
                stream.write(data)
        else:
            self.replace(relative, (self.read(relative) if self.exists(relative) else b"") + data)

    def make_folder(self, relative: str) -> None:
        self.filesystem.create_dir(self.path("" if relative == "." else relative), recursive=True)

    def remove(self, relative: str) -> None:
        """Removes a folder or a file with all that is in it; nothing happens where there is none."""
        info = self.filesystem.get_file_info(self.path(relative))
        if info.type == pafs.FileType.Directory:
            if self.is_local:
                shutil.rmtree(self.path(relative))
            else:
                self.filesystem.delete_dir(self.path(relative))
        elif info.type == pafs.FileType.File:
            self.filesystem.delete_file(self.path(relative))

    def move(self, old: str, new: str) -> None:
        self.filesystem.move(self.path(old), self.path(new))

    def folders(self, relative: str = "") -> list[str]:
        return self._names(relative, pafs.FileType.Directory)

    def files(self, relative: str = "") -> list[str]:
        return self._names(relative, pafs.FileType.File)

    def _names(self, relative: str, kind: pafs.FileType) -> list[str]:
        """Sorted; names with a leading dot are work in progress and left out."""
        selector = pafs.FileSelector(self.path(relative), allow_not_found=True)
        found = (PurePosixPath(info.path).name for info in self.filesystem.get_file_info(selector) if info.type == kind)
        return sorted(name for name in found if not name.startswith("."))


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

    @property
    def datasets(self) -> list[str]:
        return [name for name in self.files.folders() if self.files.exists(f"{name}/ann")]

    def keys(self, datasets: Sequence[str] | None = None) -> list[ItemKey]:
        """Every picture, by data set and name."""
        return [
            ItemKey(self.name, dataset, name)
            for dataset in (self.datasets if datasets is None else datasets)
            for name in self.files.files(f"{dataset}/img")
            if name.lower().endswith(PICTURE_SUFFIXES)
        ]

    def annotation(self, key: ItemKey) -> Annotation:
        document = self.files.read_json(f"{key.dataset}/ann/{key.name}.json")
        try:
            return Annotation.from_json(document, self.meta.shapes)
        except DataError as error:
            raise DataError(f"{key.dataset}/ann/{key.name}.json of project '{self.name}': {error}") from None

    def picture_bytes(self, key: ItemKey) -> bytes:
        return self.files.read(f"{key.dataset}/img/{key.name}")

    def item(self, key: ItemKey) -> Item:
        """The picture (not yet decoded) with its annotation."""
        annotation = self.annotation(key)
        image = LazyImage.from_file(annotation.image, lambda: self.picture_bytes(key), name=str(key))
        return Item(key=key, image=image, annotation=annotation, dataset=key.dataset)


@dataclass(frozen=True)
class Draft:
    """A project that is being written, by many workers at once; :meth:`commit` makes it appear."""

    name: str
    workspace: "Workspace"
    folder: str

    @property
    def files(self) -> Files:
        return self.workspace.files.within(self.folder)

    def add_dataset(self, dataset: str) -> None:
        check_name(dataset, what="data set")
        self.files.make_folder(f"{dataset}/img")
        self.files.make_folder(f"{dataset}/ann")

    def write(self, dataset: str, name: str, *, picture: bytes, annotation: Annotation) -> None:
        """One picture with its annotation; the data set's folders must be there (:meth:`add_dataset`)."""
        self.files.write(f"{dataset}/img/{name}", picture)
        document = json.dumps(annotation.to_json(), ensure_ascii=False, separators=(",", ":"))
        self.files.write(f"{dataset}/ann/{name}.json", document.encode())

    def commit(self, meta: ProjectMeta, provenance: dict[str, Any]) -> Project:
        """The project under its name, in place of one that ``Workspace.draft(overwrite=True)`` was told to replace."""
        self.files.write("meta.json", _pretty(meta.to_json()))
        self.files.write("provenance.json", _pretty(provenance))
        files, target = self.workspace.files, f"projects/{self.name}"
        old = f"projects/.{self.name}.old-{uuid.uuid4().hex[:8]}"
        if files.exists(target):
            files.move(target, old)
        files.move(self.folder, target)
        files.remove(old)
        return self.workspace.project(self.name)

    def discard(self) -> None:
        self.workspace.files.remove(self.folder)


@dataclass(frozen=True)
class Workspace:
    """Where projects, models, sweeps and reports live."""

    files: Files

    @classmethod
    def at(cls, location: str | Path) -> "Workspace":
        return cls(Files.at(location))

    def projects(self) -> list[str]:
        return [name for name in self.files.folders("projects") if self.files.exists(f"projects/{name}/meta.json")]

    def models(self) -> list[str]:
        return [name for name in self.files.folders("models") if self.files.exists(f"models/{name}/config.json")]

    def project(self, name: str) -> Project:
        check_name(name, what="project")
        if not self.files.exists(f"projects/{name}/meta.json"):
            raise WorkspaceError(f"no project '{name}' in {self.files.root}{did_you_mean(name, self.projects())}")
        return Project(name, self.files.within(f"projects/{name}"))

    def model_files(self, name: str) -> Files:
        """The folder of a model that is there."""
        check_name(name, what="model")
        if not self.files.exists(f"models/{name}/config.json"):
            raise WorkspaceError(f"no model '{name}' in {self.files.root}{did_you_mean(name, self.models())}")
        return self.files.within(f"models/{name}")

    def refuse_existing(self, name: str, *, kind: str, overwrite: bool) -> None:
        """WorkspaceError where ``kind`` ("project", "model") ``name`` is there and may not be replaced."""
        check_name(name, what=kind)
        if not overwrite and self.files.exists(f"{kind}s/{name}"):
            raise WorkspaceError(
                f"{kind} '{name}' exists in {self.files.root}; choose another name, or replace it by --overwrite"
            )

    def draft(self, name: str, *, overwrite: bool = False) -> Draft:
        """Begins a project; WorkspaceError where one of the name exists and may not be replaced."""
        self.refuse_existing(name, kind="project", overwrite=overwrite)
        draft = Draft(name, self, f"projects/.{name}.{uuid.uuid4().hex[:8]}.partial")
        self.files.make_folder(draft.folder)
        return draft


def _pretty(document: Any) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()
