"""Where an import reads from: a folder, or a zip that is read in place."""

import os
import stat
import threading
import zipfile
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PureWindowsPath
from typing import Any

from kittiseg.errors import DataError


@dataclass(frozen=True, slots=True)
class Source:
    """A folder or a zip of files. Holds no open file, so it can be pickled, and shared by threads."""

    location: str

    @classmethod
    def at(cls, location: str | Path) -> "Source":
        """DataError where there is neither a folder nor a zip that can be read."""
        path = Path(os.path.abspath(Path(location).expanduser()))
        if not path.exists():
            raise DataError(f"{location}: no such folder or zip; check the path")
        if not path.is_dir() and not zipfile.is_zipfile(path):
            raise DataError(
                f"{location}: neither a folder nor a zip that can be read; if it was downloaded, fetch it again"
            )
        return cls(str(path))

    @property
    def name(self) -> str:
        """The folder's own name, or the zip's without its suffix."""
        path = Path(self.location)
        return path.name if path.is_dir() else path.stem

    def files(self) -> list[str]:
        """All files, sorted, as paths relative to the source with '/'.

        Hidden files and what macOS adds to archives are left out. DataError where an archive's entry points out of it.
        """
        found = _walk(self.location, "", ()) if os.path.isdir(self.location) else self._archive().entries
        return sorted(path for path in found if not _is_hidden(path))

    def read(self, path: str) -> bytes:
        """The bytes of one of :meth:`files`; DataError names it where it cannot be read."""
        if os.path.isdir(self.location):
            try:
                return Path(self.location, path).read_bytes()
            except OSError as error:
                raise DataError(f"{path}: cannot be read: {error.strerror}; mend or replace the file") from None
        archive = self._archive()
        try:
            with archive.lock:
                return archive.reader.read(archive.entries[path])
        except Exception as error:  # a damaged entry raises what its compression raises: no common parent
            raise DataError(f"{path}: cannot be read from {self.location}: {error}; fetch the archive again") from None

    def _archive(self) -> "_Archive":
        try:
            info = os.stat(self.location)
            return _open_archive(self.location, info.st_mtime_ns, info.st_size, os.getpid())
        except (OSError, zipfile.BadZipFile) as error:
            raise DataError(f"{self.location}: cannot be read: {error}; fetch it again") from None


@dataclass(frozen=True, slots=True)
class _Archive:
    reader: zipfile.ZipFile
    entries: dict[str, zipfile.ZipInfo]
    lock: threading.Lock = field(default_factory=threading.Lock)  # zipfile counts its open entries without one


@lru_cache(maxsize=4)
def _open_archive(path: str, *state: Any) -> _Archive:
    """Opened once per process and state of the file: reading the directory of a large archive takes a second."""
    reader = zipfile.ZipFile(path)
    for info in reader.infolist():
        place = PureWindowsPath(info.filename)  # reads '/' and '\\' alike, and knows drives
        if place.anchor or ".." in place.parts:
            raise DataError(f"{path}: the entry {info.filename!r} points out of the archive; do not trust this file")
    return _Archive(reader, {_posix(info): info for info in reader.infolist() if _is_file(info)})


def _posix(info: zipfile.ZipInfo) -> str:
    return info.filename.replace("\\", "/")  # some archives are made on Windows


def _is_file(info: zipfile.ZipInfo) -> bool:
    return not info.filename.endswith(("/", "\\")) and not stat.S_ISLNK(info.external_attr >> 16)


def _is_hidden(path: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in path.split("/"))


def _walk(folder: str, prefix: str, above: tuple[str, ...]) -> list[str]:
    """Follows links to folders, except one that leads back to a folder it lies in."""
    real = os.path.realpath(folder)
    if real in above:
        return []
    found: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir():
                    found += _walk(entry.path, f"{prefix}{entry.name}/", (*above, real))
                else:
                    found.append(prefix + entry.name)
    except OSError as error:
        raise DataError(f"{folder}: cannot be listed: {error.strerror}") from None
    return found
