"""A folder of a file system, local or in object storage, through pyarrow.fs: both look the same to the stages."""

import errno
import json
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO, Any, BinaryIO

import pyarrow.fs as pafs

from kittiseg.errors import DataError, StorageError, WorkspaceError

_RENAME_FOLDERS = ("local", "subtree", "mock", "hdfs")  # other stores have no folders to rename, only keys

_HELD = 1 << 24  # bytes of a file that wait in memory rather than in a temporary file
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)


@dataclass(frozen=True)
class Files:
    """A folder of a file system; paths are relative to it and written with '/'. Can be pickled and sent to workers.

    What cannot be written is a StorageError, what cannot be read a WorkspaceError; both name the path.
    """

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

    def above(self, levels: int) -> "Files":
        """The folder so many levels up."""
        return Files(self.filesystem, self.root.rsplit("/", levels)[0])

    @property
    def is_local(self) -> bool:
        return isinstance(self.filesystem, pafs.LocalFileSystem)

    def exists(self, relative: str) -> bool:
        return self._info(relative).type != pafs.FileType.NotFound

    def read(self, relative: str) -> bytes:
        """The bytes of a file; WorkspaceError where it is missing or cannot be read."""
        try:
            with self.filesystem.open_input_file(self.path(relative)) as stream:
                return stream.read()
        except OSError as error:
            raise _unreadable(self.path(relative), error) from None

    def open(self, relative: str) -> BinaryIO:
        """A file of which parts can be read; WorkspaceError where it is missing or cannot be read."""
        try:
            return self.filesystem.open_input_file(self.path(relative))
        except OSError as error:
            raise _unreadable(self.path(relative), error) from None

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

    def write(self, relative: str, data: bytes | memoryview) -> None:
        """Writes a file of a folder that nobody reads yet; see :meth:`replace` for one that others may be reading."""
        with writing(self.path(relative)), self.filesystem.open_output_stream(self.path(relative)) as stream:
            stream.write(data)

    def write_pieces(self, relative: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """As :meth:`write`, piece by piece as they are taken; gives each back when it is written."""
        with writing(self.path(relative)), self.filesystem.open_output_stream(self.path(relative)) as stream:
            for piece in pieces:
                stream.write(piece)
                yield piece

    def replace(self, relative: str, data: bytes) -> None:
        """Writes a file beside its place and renames it, so that a reader sees the old one or the new one whole."""
        with self.replacing(relative) as stream:
            stream.write(data)

    @contextmanager
    def replacing(self, relative: str) -> Iterator[IO[bytes]]:
        """As :meth:`replace`, for a file that is written bit by bit: it appears when the ``with`` statement has ended.

        Any place of it can be written again. Where the file system cannot do that, a large file waits in this machine's
        folder for temporary files until it is whole.
        """
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
            with self.filesystem.open_output_stream(self.path(relative)) as stream:
                shutil.copyfileobj(waiting, stream, 1 << 20)

    def append(self, relative: str, data: bytes) -> None:
        if self.is_local:
            with writing(self.path(relative)), Path(self.path(relative)).open("ab") as stream:
                stream.write(data)
        else:
            self.replace(relative, (self.read(relative) if self.exists(relative) else b"") + data)

    def make_folder(self, relative: str) -> None:
        path = self.path("" if relative == "." else relative)
        with writing(path):
            self.filesystem.create_dir(path, recursive=True)

    def remove(self, relative: str) -> None:
        """Removes a folder or a file with all that is in it; nothing happens where there is none."""
        info = self._info(relative)
        with writing(info.path):
            if info.type == pafs.FileType.Directory:
                if self.is_local:
                    shutil.rmtree(info.path)
                else:
                    self.filesystem.delete_dir(info.path)
            elif info.type == pafs.FileType.File:
                self.filesystem.delete_file(info.path)

    def move(self, old: str, new: str) -> None:
        """Renames a folder or a file.

        Where a store cannot rename folders, their files are copied, those of the folder itself last: meta.json, by
        which a project is known to be there, comes when all else has come.
        """
        source, target = self.path(old), self.path(new)
        is_folder = self._info(old).type == pafs.FileType.Directory
        with writing(target):
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
            raise _unreadable(self.path(relative), error) from None
        return [PurePosixPath(info.path).name for info in infos if info.type == kind]

    def _info(self, relative: str) -> pafs.FileInfo:
        try:
            return self.filesystem.get_file_info(self.path(relative))
        except OSError as error:
            raise _unreadable(self.path(relative), error) from None


@contextmanager
def writing(path: str) -> Iterator[None]:
    """Makes an OSError of what is done inside a StorageError that names the path and a remedy."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            remedy = "make room there, then run the same command again"
        elif error.errno in _FORBIDDEN:
            remedy = "give yourself the right to write there, or choose another --workspace"
        else:
            remedy = "mend that, then run the same command again"
        raise StorageError(f"{path}: cannot be written: {_reason(error)}; {remedy}") from None


def _unreadable(path: str, error: OSError) -> WorkspaceError:
    if isinstance(error, FileNotFoundError):
        return WorkspaceError(f"{path}: no such file")
    return WorkspaceError(f"{path}: cannot be read: {_reason(error)}")


def _reason(error: OSError) -> str:
    """In the words of the system: pyarrow's own repeat path and number."""
    return str(error) if error.errno is None else os.strerror(error.errno)


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
