"""What the system or a store says of files, in one line with the path and a remedy."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from kittiseg.errors import StorageError, WorkspaceError
from kittiseg.project.object_store import explain

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)


@contextmanager
def writing(path: str) -> Iterator[None]:
    """Makes an OSError of what is done inside a StorageError that names the path and a remedy."""
    try:
        yield
    except OSError as error:
        reason, remedy = _reason(error)
        if error.errno in _FULL:
            remedy = "make room there, then run the same command again"
        elif error.errno in _FORBIDDEN:
            remedy = "give yourself the right to write there, or choose another --workspace"
        remedy = remedy or "mend that, then run the same command again"
        raise StorageError(f"{path}: cannot be written: {reason}; {remedy}") from None


def unreadable(path: str, error: OSError) -> WorkspaceError:
    if isinstance(error, FileNotFoundError):
        return WorkspaceError(f"{path}: no such file")
    reason, remedy = _reason(error)
    return WorkspaceError(f"{path}: cannot be read: {reason}{remedy and '; '}{remedy}")


def _reason(error: OSError) -> tuple[str, str]:
    """In the words of the system: pyarrow's own repeat path and number."""
    return explain(error) if error.errno is None else (os.strerror(error.errno), "")
