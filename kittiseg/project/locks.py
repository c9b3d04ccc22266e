"""Locks of a workspace, which one process at a time holds, and which are free again when it has died."""

from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from kittiseg.errors import WorkspaceError
from kittiseg.project.claims import claimed
from kittiseg.project.file_errors import writing
from kittiseg.project.files import Files


@contextmanager
def locked(workspace: Files, name: str, *, busy: str, wait_s: float = 0) -> Iterator[None]:
    """Nobody else holds lock ``name`` meanwhile; WorkspaceError, saying ``busy``, where somebody does for ``wait_s`` s.

    On a disk the system frees the lock of a process that dies. In object storage it is free some time later
    (:data:`kittiseg.project.claims.DEAD_S`), unless whoever asks is on the same machine.
    """
    place = f".locks/{name}.lock"
    if not workspace.is_local:
        with claimed(workspace, place, wait_s=wait_s) as is_ours:
            if not is_ours:
                raise WorkspaceError(busy)
            yield
        return
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
