"""The workspace: a folder, or a prefix in object storage, that holds projects, models, sweeps and reports.

A project appears whole or not at all: it is written under a name that starts with a dot, and renamed when it is
complete.
"""

import hashlib
import json
import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from kittiseg.config import did_you_mean
from kittiseg.errors import DataError, WorkspaceError
from kittiseg.project.annotation import Annotation
from kittiseg.project.files import Files
from kittiseg.project.item import Item, ItemKey
from kittiseg.project.journal import Journal
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.pixels import PICTURE_SUFFIXES, LazyImage

_FORBIDDEN_IN_NAMES = '/\\|:*?"<>'
_LONGEST_NAME = 200  # bytes; file systems allow 255, and what is being written bears a longer name


def check_name(name: str, *, what: str) -> str:
    """The name as it is; WorkspaceError where it cannot be the name of a folder on every system."""
    wrong = any(char in _FORBIDDEN_IN_NAMES for char in name) or _unwritable(name)
    if wrong or name.startswith((".", "$", " ")) or name.endswith((" ", ".")):
        raise WorkspaceError(
            f"{name!r} cannot be the name of a {what}: use letters, digits, spaces, '-', '_', '.', '(' and ')', "
            f"beginning and ending with none of ' ', '.', '$', at most {_LONGEST_NAME} bytes"
        )
    return name


def check_picture_name(name: str) -> str:
    """The file name as it is; WorkspaceError where it would leave its folder, or not be found again as a picture."""
    if _unwritable(name) or "/" in name or "\\" in name or name.startswith("."):
        raise WorkspaceError(f"{name!r} cannot be the file name of a picture; rename it")
    if not name.lower().endswith(PICTURE_SUFFIXES):
        raise WorkspaceError(f"{name!r} is no picture's name: it ends in none of {', '.join(PICTURE_SUFFIXES)}")
    return name


def _unwritable(name: str) -> bool:
    """Empty, too long, with control characters or with half characters, which come from damaged file names."""
    return (
        not name.strip()
        or any(ord(char) < 32 or 0xD800 <= ord(char) < 0xE000 for char in name)
        or len(name.encode(errors="replace")) > _LONGEST_NAME
    )


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

    def picture_size(self, key: ItemKey) -> int:
        """Bytes of the picture's file."""
        return self.files.size(f"{key.dataset}/img/{key.name}")

    def stamp(self, key: ItemKey) -> tuple[int, ...]:
        """Changes when the picture or its annotation is written."""
        files = self.files
        return (*files.stamp(f"{key.dataset}/img/{key.name}"), *files.stamp(f"{key.dataset}/ann/{key.name}.json"))

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
    overwrite: bool = False

    @property
    def files(self) -> Files:
        return self.workspace.files.within(self.folder)

    @property
    def journal(self) -> Journal:
        return Journal(self.files)

    def add_dataset(self, dataset: str) -> None:
        check_name(dataset, what="data set")
        self.files.make_folder(f"{dataset}/img")
        self.files.make_folder(f"{dataset}/ann")

    def write(self, dataset: str, name: str, *, picture: bytes, annotation: Annotation) -> str:
        """One picture with its annotation; the data set's folders must be there (:meth:`add_dataset`).

        Gives the digest of both files.
        """
        check_name(dataset, what="data set")
        check_picture_name(name)
        self.files.write(f"{dataset}/img/{name}", picture)
        document = json.dumps(annotation.to_json(), ensure_ascii=False, separators=(",", ":")).encode()
        self.files.write(f"{dataset}/ann/{name}.json", document)
        return hashlib.blake2b(picture + document, digest_size=16).hexdigest()

    def commit(self, meta: ProjectMeta, provenance: dict[str, Any]) -> Project:
        """The project under its name, in place of one that ``Workspace.draft(overwrite=True)`` was told to replace.

        WorkspaceError where another draft of the name was quicker and may not be replaced.
        """
        self.files.write("provenance.json", _pretty(provenance))
        self.files.write("meta.json", _pretty(meta.to_json()))
        self.workspace.refuse_existing(self.name, kind="project", overwrite=self.overwrite)
        files, target = self.workspace.files, f"projects/{self.name}"
        old = f"projects/.{self.name}.old-{uuid.uuid4().hex[:8]}"
        if files.exists(target):
            files.move(target, old)
        files.move(self.folder, target)
        files.remove(old)
        return self.workspace.project(self.name)

    def remove(self, dataset: str, name: str) -> None:
        """Takes a picture back that was written."""
        self.files.remove(f"{dataset}/img/{name}")
        self.files.remove(f"{dataset}/ann/{name}.json")

    def restart(self) -> None:
        """Throws away what was written."""
        self.discard()
        self.files.make_folder("")

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

    def draft(self, name: str, *, overwrite: bool = False, key: str | None = None) -> Draft:
        """Begins a project; WorkspaceError where one of the name exists and may not be replaced.

        With a ``key``, goes on with what a stopped run of the same key has left.
        """
        self.refuse_existing(name, kind="project", overwrite=overwrite)
        draft = Draft(name, self, f"projects/.{name}.{key or uuid.uuid4().hex[:8]}.partial", overwrite)
        self.files.make_folder(draft.folder)
        return draft

    @contextmanager
    def lock(self, name: str, *, keep: str | None = None) -> Iterator[None]:
        """Nobody else writes project ``name`` meanwhile; WorkspaceError where somebody does. Local workspaces only.

        What stopped runs have left of it is removed, but for a draft whose key is ``keep``.
        """
        check_name(name, what="project")
        if not self.files.is_local:
            yield
            return
        self.files.make_folder(".locks")
        lock = FileLock(self.files.path(f".locks/{name}.lock"), timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise WorkspaceError(f"project '{name}' is being written by another process; wait, or stop it") from None
        try:
            self._mend(name, keep)
            yield
        finally:
            lock.release()

    def _mend(self, name: str, keep: str | None) -> None:
        """Removes drafts that a kill left; ends a replacement that it stopped between its two renames."""
        for folder in self.files.hidden("projects"):
            left = re.fullmatch(re.escape(f".{name}.") + r"(old-\w+|(?P<key>\w+)\.partial)", folder)
            if left is None or (left["key"] and left["key"] == keep):
                continue
            if left["key"] or self.files.exists(f"projects/{name}"):
                self.files.remove(f"projects/{folder}")
            else:
                self.files.move(f"projects/{folder}", f"projects/{name}")


def _pretty(document: Any) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()
