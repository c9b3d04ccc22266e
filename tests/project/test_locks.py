from pathlib import Path

import pytest
from pyarrow import fs

from kittiseg.errors import WorkspaceError
from kittiseg.project.files import Files
from kittiseg.project.locks import locked
from kittiseg.project.store import Workspace


def test_a_lock_is_held_by_one_and_free_afterwards(workspace: Workspace):
    """The second is told what the caller says; another name is another lock."""
    with locked(workspace.files, "a/b", busy="taken"):
        with pytest.raises(WorkspaceError, match=r"^taken$"), locked(workspace.files, "a/b", busy="taken", wait_s=0.1):
            pass
        with locked(workspace.files, "a", busy="taken"):
            pass

    with locked(workspace.files, "a/b", busy="taken"):
        pass


def test_object_storage_has_no_locks(tmp_path: Path):
    """There nobody is refused, and nothing is written."""
    storage = Files(fs.SubTreeFileSystem(str(tmp_path), fs.LocalFileSystem()), "bucket")

    with locked(storage, "a", busy="taken"), locked(storage, "a", busy="taken"):
        assert not storage.exists("")
