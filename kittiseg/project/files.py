"""A folder of a file system, local or in object storage, through pyarrow.fs: both look the same to the stages."""

import json
import shutil
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow.fs as pafs

from kittiseg.errors import DataError, WorkspaceError

_RENAME_FOLDERS = ("local", "subtree", "mock", "hdfs")  # other stores have no folders to rename, only keys


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
            try:
                filesystem, root = pafs.FileSystem.from_uri(text)
            except (ValueError, OSError) as error:
                raise WorkspaceError(f"{text}: not a place that files can be at: {error}") from None
            return cls(filesystem, root.rstrip("/"))
        path = Path(text).expanduser().resolve()
        if path.exists() and not path.is_dir():
            raise WorkspaceError(f"{text}: a file; wanted a folder, or one that can be made")
        return cls(pafs.LocalFileSystem(), str(path))

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
        """The bytes of a file; WorkspaceError where it is missing or cannot be read."""
        try:
            with self.filesystem.open_input_file(self.path(relative)) as stream:
                return stream.read()
        except FileNotFoundError:
            raise WorkspaceError(f"{self.path(relative)}: no such file") from None
        except OSError as error:
            raise WorkspaceError(f"{self.path(relative)}: cannot be read: {error}") from None

    def size(self, relative: str) -> int:
        """Bytes of a file, 0 where it is missing."""
        return self.filesystem.get_file_info(self.path(relative)).size or 0

    def stamp(self, relative: str) -> tuple[int, int]:
        """Changes when a file is written: its size and the time in ns; zeros where it is missing."""
        info = self.filesystem.get_file_info(self.path(relative))
        return info.size or 0, info.mtime_ns or 0

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
        place = PurePosixPath(relative)
        self.make_folder(str(place.parent))
        beside = str(place.with_name(f".{place.name}.{uuid.uuid4().hex[:8]}.partial"))
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
        """Renames a folder or a file.

        Where a store cannot rename folders, their files are copied, those of the folder itself last: meta.json, by
        which a project is known to be there, comes when all else has come.
        """
        source, target = self.path(old), self.path(new)
        is_folder = self.filesystem.get_file_info(source).type == pafs.FileType.Directory
        if self.filesystem.type_name in _RENAME_FOLDERS or not is_folder:
            self.filesystem.move(source, target)
            return
        _copy_folder(self.filesystem, source, target)
        self.filesystem.delete_dir(source)

    def folders(self, relative: str = "") -> list[str]:
        return self._listed(relative, pafs.FileType.Directory)

    def files(self, relative: str = "") -> list[str]:
        return self._listed(relative, pafs.FileType.File)

    def hidden(self, relative: str = "") -> list[str]:
        """Folders whose names begin with a dot: work in progress, or what it left. Sorted."""
        return sorted(name for name in self._names(relative, pafs.FileType.Directory) if name.startswith("."))

    def _listed(self, relative: str, kind: pafs.FileType) -> list[str]:
        """Sorted; names with a leading dot are work in progress and left out."""
        return sorted(name for name in self._names(relative, kind) if not name.startswith("."))

    def _names(self, relative: str, kind: pafs.FileType) -> list[str]:
        selector = pafs.FileSelector(self.path(relative), allow_not_found=True)
        return [PurePosixPath(info.path).name for info in self.filesystem.get_file_info(selector) if info.type == kind]


def _copy_folder(filesystem: pafs.FileSystem, source: str, target: str) -> None:
    infos = filesystem.get_file_info(pafs.FileSelector(source, recursive=True))
    paths = [PurePosixPath(info.path).relative_to(source) for info in infos if info.type == pafs.FileType.File]
    for folder in {str(path.parent) for path in paths}:
        filesystem.create_dir(f"{target}/{folder}".removesuffix("/."), recursive=True)

    def copy(path: PurePosixPath) -> None:
        filesystem.copy_file(f"{source}/{path}", f"{target}/{path}")

    with ThreadPoolExecutor(16) as pool:
        for depth in sorted({len(path.parts) for path in paths}, reverse=True):
            list(pool.map(copy, [path for path in paths if len(path.parts) == depth]))
