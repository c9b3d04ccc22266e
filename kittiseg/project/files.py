"""A folder of a file system, local or in object storage, through pyarrow.fs: both look the same to the stages."""

import io
import json
import shutil
import uuid
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO, Any, BinaryIO

import pyarrow.fs as pafs

from kittiseg.errors import DataError, WorkspaceError
from kittiseg.project.ahead import map_in_threads
from kittiseg.project.file_errors import unreadable, writing
from kittiseg.project.object_store import open_store

_RENAME_FOLDERS = ("local", "subtree", "mock", "hdfs")

_HELD = 1 << 24  # bytes of a file that wait in memory rather than in a temporary file
_PART = 1 << 18  # bytes that are read of a file in a store, where less was asked for: each request costs the same
_THREADS = 16  # requests to a store at once: each waits for 20 to 50 ms


@dataclass(frozen=True)
class Files:
    """A folder of a file system; paths are relative to it and written with '/'. Can be pickled and sent to workers.

    What cannot be written is a StorageError, what cannot be read a WorkspaceError; both name the path.

    Object storage (:attr:`is_store`) has keys and no folders. A file there appears when it is complete, and replaces
    another at once; but nothing can be renamed: :meth:`move` copies each file and removes the old one.
    """

    filesystem: pafs.FileSystem
    root: str

    @classmethod
    def at(cls, location: str | Path) -> "Files":
        """From a local path or a URI (``s3://bucket/prefix``)."""
        text = str(location)
        if text.startswith("s3://"):
            return cls(*open_store(text))
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

    def above(self, levels: int) -> "Files":
        """The folder so many levels up."""
        return Files(self.filesystem, self.root.rsplit("/", levels)[0])

    @property
    def is_local(self) -> bool:
        return isinstance(self.filesystem, pafs.LocalFileSystem)

    @property
    def is_store(self) -> bool:
        return self.filesystem.type_name not in _RENAME_FOLDERS

    @property
    def threads(self) -> int:
        """How many files to read or write at once; on a disk one."""
        return _THREADS if self.is_store else 1

    def address(self, relative: str) -> str:
        """What a person calls it: a path, or the URI of a file in a store."""
        scheme = "" if self.is_local else f"{self.filesystem.type_name}://"
        return f"{scheme}{self.path(relative)}"

    def exists(self, relative: str) -> bool:
        return self._info(relative).type != pafs.FileType.NotFound

    def read(self, relative: str) -> bytes:
        """The bytes of a file; WorkspaceError where it is missing or cannot be read."""
        data = self.find(relative)
        if data is None:
            raise WorkspaceError(f"{self.path(relative)}: no such file")
        return data

    def find(self, relative: str) -> bytes | None:
        """As :meth:`read`, but None where it is missing."""
        try:
            with self.filesystem.open_input_file(self.path(relative)) as stream:
                return stream.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise unreadable(self.path(relative), error) from None

    def open(self, relative: str) -> BinaryIO:
        """A file of which parts can be read; WorkspaceError where it is missing or cannot be read."""
        try:
            stream = self.filesystem.open_input_file(self.path(relative))
            return io.BufferedReader(stream, _PART) if self.is_store else stream
        except OSError as error:
            raise unreadable(self.path(relative), error) from None

    def size(self, relative: str) -> int:
        """Bytes of a file, 0 where it is missing."""
        return self._info(relative).size or 0

    def stamp(self, relative: str) -> tuple[int, int]:
        """Changes when a file is written: its size and the time in ns; zeros where it is missing."""
        info = self._info(relative)
        return info.size or 0, info.mtime_ns or 0

    def read_json(self, relative: str) -> Any:
        try:
            return json.loads(self.read(relative))
        except (ValueError, RecursionError) as error:
            raise DataError(f"{self.path(relative)}: not valid JSON: {error}; mend or replace the file") from None

    def _written(self, relative: str) -> Any:
        """A file to be written; as it is, for pyarrow itself would compress what is called ``.gz``."""
        return self.filesystem.open_output_stream(self.path(relative), compression=None)

    def write(self, relative: str, data: bytes | memoryview) -> None:
        """Writes a file of a folder that nobody reads yet; see :meth:`replace` for one that others may be reading."""
        with writing(self.path(relative)), self._written(relative) as stream:
            stream.write(data)

    def write_pieces(self, relative: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """As :meth:`write`, piece by piece as they are taken; gives each back when it is written."""
        with writing(self.path(relative)), self._written(relative) as stream:
            for piece in pieces:
                stream.write(piece)
                yield piece

    def replace(self, relative: str, data: bytes) -> None:
        """Writes a file that others may be reading: they see the old one or the new one whole.

        On a disk it is written beside its place and renamed.
        """
        with self.replacing(relative) as stream:
            stream.write(data)

    @contextmanager
    def replacing(self, relative: str) -> Iterator[IO[bytes]]:
        """As :meth:`replace`, for a file that is written bit by bit: it appears when the ``with`` statement has ended.

        Any place of it can be written again. Where the file system cannot do that, a large file waits in this machine's
        folder for temporary files until it is whole.
        """
        if self.is_store:
            with writing(self.path(relative)), self._anywhere(relative) as stream:
                yield stream
            return
        place = PurePosixPath(relative)
        self.make_folder(str(place.parent))
        beside = str(place.with_name(f".{place.name}.{uuid.uuid4().hex[:8]}.partial"))
        try:
            with writing(self.path(relative)):
                with self._anywhere(beside) as stream:
                    yield stream
                self.filesystem.move(self.path(beside), self.path(relative))
        except BaseException:
            with suppress(WorkspaceError):
                self.remove(beside)
            raise

    @contextmanager
    def _anywhere(self, relative: str) -> Iterator[IO[bytes]]:
        """A file of which any place can be written."""
        if self.is_local:
            with Path(self.path(relative)).open("w+b") as stream:
                yield stream
            return
        with SpooledTemporaryFile(max_size=_HELD) as waiting:
            yield waiting
            waiting.seek(0)
            with self._written(relative) as stream:
                shutil.copyfileobj(waiting, stream, _HELD)  # in one piece, if it is no larger: closing would end half

    def append(self, relative: str, data: bytes) -> None:
        if self.is_local:
            with writing(self.path(relative)), Path(self.path(relative)).open("ab") as stream:
                stream.write(data)
        else:
            self.replace(relative, (self.find(relative) or b"") + data)

    def make_folder(self, relative: str) -> None:
        """With those above it. In a store there is none to be made: a folder is there when a file is in it."""
        if self.is_store:
            return
        path = self.path("" if relative == "." else relative)
        with writing(path):
            self.filesystem.create_dir(path, recursive=True)

    def remove(self, relative: str, *, known_by: str = "") -> None:
        """Removes a folder or a file with all that is in it; nothing happens where there is none.

        The file ``known_by``, by which readers know that a folder is there, leaves first.
        """
        if known_by:
            self.remove(f"{relative}/{known_by}")
        info = self._info(relative)
        with writing(info.path):
            if info.type == pafs.FileType.Directory:
                if self.is_local:
                    shutil.rmtree(info.path)
                else:
                    self.filesystem.delete_dir(info.path)
            elif info.type == pafs.FileType.File:
                self.filesystem.delete_file(info.path)

    def move(self, old: str, new: str, *, known_by: str = "") -> None:
        """Renames a folder or a file.

        In a store what is at the new place goes, the files of a folder are copied, and the file ``known_by``, by which
        readers know that the folder is there, comes last and leaves first.
        """
        source, target = self.path(old), self.path(new)
        is_folder = self._info(old).type == pafs.FileType.Directory
        with writing(target):
            if not self.is_store or not is_folder:
                self.filesystem.move(source, target)
                return
            self.remove(new, known_by=known_by)
            _copy_folder(self.filesystem, source, target, last=known_by)
            self.remove(old, known_by=known_by)

    def folders(self, relative: str = "") -> list[str]:
        return self._listed(relative, pafs.FileType.Directory)

    def files(self, relative: str = "") -> list[str]:
        return self._listed(relative, pafs.FileType.File)

    def hidden(self, relative: str = "") -> list[str]:
        """Folders and files whose names begin with a dot: work in progress, or what it left. Sorted."""
        names = [name for kind in (pafs.FileType.Directory, pafs.FileType.File) for name in self._names(relative, kind)]
        return sorted(name for name in names if name.startswith("."))

    def _listed(self, relative: str, kind: pafs.FileType) -> list[str]:
        """Sorted; names with a leading dot are work in progress and left out."""
        return sorted(name for name in self._names(relative, kind) if not name.startswith("."))

    def _names(self, relative: str, kind: pafs.FileType) -> list[str]:
        selector = pafs.FileSelector(self.path(relative), allow_not_found=True)
        try:
            infos = self.filesystem.get_file_info(selector)
        except OSError as error:
            raise unreadable(self.path(relative), error) from None
        return [PurePosixPath(info.path).name for info in infos if info.type == kind]

    def _info(self, relative: str) -> pafs.FileInfo:
        try:
            return self.filesystem.get_file_info(self.path(relative))
        except OSError as error:
            raise unreadable(self.path(relative), error) from None


def _copy_folder(filesystem: pafs.FileSystem, source: str, target: str, *, last: str) -> None:
    infos = filesystem.get_file_info(pafs.FileSelector(source, recursive=True))
    paths = [info.path.removeprefix(f"{source}/") for info in infos if info.type == pafs.FileType.File]

    def copy(path: str) -> None:
        filesystem.copy_file(f"{source}/{path}", f"{target}/{path}")

    deque(map_in_threads(copy, [path for path in paths if path != last], _THREADS), maxlen=0)
    if last in paths:
        copy(last)
