import json
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import pytest

from kittiseg.errors import WorkspaceError
from kittiseg.project import claims
from kittiseg.project.files import Files
from kittiseg.project.locks import locked
from kittiseg.project.store import Workspace

HOLD = """
import pickle, sys, time
from kittiseg.project.locks import locked
with locked(pickle.load(sys.stdin.buffer), "a", busy="taken"):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture(params=["folder", "store"])
def files(request: pytest.FixtureRequest) -> Files:
    chosen: Workspace = request.getfixturevalue("workspace" if request.param == "folder" else "s3_workspace")
    return chosen.files


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Storage tells times in whole seconds."""
    monkeypatch.setattr(claims, "RENEWED_S", 0.2)
    monkeypatch.setattr(claims, "DEAD_S", 2)


def is_free(files: Files, *, wait_s: float = 0) -> bool:
    try:
        with locked(files, "a", busy="taken", wait_s=wait_s):
            return True
    except WorkspaceError:
        return False


def leave_claim(files: Files, place: str = ".locks/a.lock/1.json") -> None:
    """As a process of another machine would that dies."""
    files.write(place, json.dumps({"where": "elsewhere", "pid": 1, "started": 0.0}).encode())


def test_a_lock_is_held_by_one_and_free_afterwards(files: Files):
    """The second is told what the caller says; another name is another lock."""
    with locked(files, "a", busy="taken"):
        with pytest.raises(WorkspaceError, match=r"^taken$"), locked(files, "a", busy="taken", wait_s=0.1):
            pass
        with locked(files, "a/b", busy="taken"):
            pass

    assert is_free(files)


def test_of_many_who_wait_one_holds_it_at_a_time_and_all_get_it(files: Files):
    """Also where they come at the same moment."""
    inside, most, guard = 0, 0, Lock()

    def hold(_: int) -> None:
        nonlocal inside, most
        with locked(files, "a", busy="taken", wait_s=120):
            with guard:
                inside += 1
                most = max(most, inside)
            time.sleep(0.05)
            with guard:
                inside -= 1

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(hold, range(6)))

    assert (inside, most) == (0, 1)


def test_the_lock_of_a_process_that_was_killed_is_free(files: Files):
    """At once, on the same machine."""
    with subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(pickle.dumps(files))
        process.stdin.close()
        assert process.stdout.readline() == b"held\n"
        assert not is_free(files)
        process.send_signal(signal.SIGKILL)
        process.wait()

    assert is_free(files)


@pytest.mark.usefixtures("impatient")
def test_storage_frees_what_nobody_on_another_machine_has_renewed_for_a_while(s3_workspace: Workspace):
    """Until then it is heeded, for its process may live."""
    files = s3_workspace.files
    leave_claim(files)

    assert not is_free(files)
    assert is_free(files, wait_s=30)
    assert files.files(".locks/a.lock") == files.hidden(".locks/a.lock") == []


@pytest.mark.usefixtures("impatient")
def test_who_holds_it_for_long_says_so_again_and_again(s3_workspace: Workspace):
    """Another that waits does not get it."""
    with locked(s3_workspace.files, "a", busy="taken"):
        assert not is_free(s3_workspace.files, wait_s=5)


def test_a_claim_beside_one_s_own_is_given_way_to(s3_workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    """It came after the first look; nothing of one's own is left then."""
    files = s3_workspace.files
    write: Callable[..., None] = Files.write

    def write_and_come(self: Files, place: str, data: bytes) -> None:
        write(self, place, data)
        if place.endswith(".json"):
            monkeypatch.setattr(Files, "write", write)
            leave_claim(files)

    monkeypatch.setattr(Files, "write", write_and_come)

    assert not is_free(files)
    assert files.files(".locks/a.lock") == ["1.json"]
