"""Locks of a workspace: files that one process at a time holds, and which the system takes from one that dies."""

from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from kittiseg.errors import WorkspaceError
from kittiseg.project.file_errors import writing
from kittiseg.project.files import Files


@contextmanager
def locked(workspace: Files, name: str, *, busy: str, wait_s: float = 0) -> Iterator[None]:
    """Nobody else holds lock ``name`` meanwhile; WorkspaceError, saying ``busy``, where somebody does for ``wait_s`` s.

    Local workspaces only: object storage has no locks, and nothing is refused there.
    """
    if not workspace.is_local:
        yield
        return
    place = f".locks/{name}.lock"
    workspace.make_folder(place.rpartition("/")[0])
    lock = FileLock(workspace.path(place), timeout=wait_s)
    with writing(lock.lock_file):
        try:
            lock.acquire()
        except Timeout:
            raise WorkspaceError(busy) from None
    try:
        yield
    finally:
        lock.release()
