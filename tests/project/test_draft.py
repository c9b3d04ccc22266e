"""Projects that are being written."""

import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kittiseg.errors import StorageError, WorkspaceError
from kittiseg.project.item import ItemKey
from kittiseg.project.journal import Row
from kittiseg.project.store import Workspace
from tests.data.drafts import CAR, META, PICTURE, add_picture, places
from tests.data.projects import small_project, write_project


def test_nothing_is_listed_before_commit(workspace: Workspace):
    """Neither while it is written nor after it was thrown away."""
    add_picture(draft := workspace.draft("p"))
    assert workspace.projects() == []
    with pytest.raises(WorkspaceError, match="no project 'p'"):
        workspace.project("p")

    draft.discard()

    assert list((Path(workspace.files.root) / "projects").iterdir()) == []


def test_a_killed_writer_leaves_nothing_in_the_list(workspace: Workspace):
    """A process that dies between writing and commit; afterwards the name is free."""
    code = (
        "import os, sys; from tests.data.drafts import add_picture; from kittiseg.project.store import Workspace;"
        "w = Workspace.at(sys.argv[1]);"
        "add_picture(w.draft('p')); os._exit(9)"
    )
    root = Path(__file__).parents[2]

    died = subprocess.run([sys.executable, "-c", code, workspace.files.root], cwd=root, check=False)

    assert died.returncode == 9
    assert workspace.projects() == []
    add_picture(draft := workspace.draft("p"))
    draft.commit(META, {})
    assert workspace.projects() == ["p"]


def test_overwrite_replaces_the_whole_project(workspace: Workspace):
    """Nothing of the old one is left, neither in the project nor beside it; until commit the old one is there."""
    write_project(workspace, "p", {"old/a.png": CAR, "old/b.png": CAR}, meta=META)
    add_picture(draft := workspace.draft("p", overwrite=True), "c.png", dataset="new")
    assert places(workspace.project("p")) == ["old/a.png", "old/b.png"]

    draft.commit(META, {})

    assert places(workspace.project("p")) == ["new/c.png"]
    assert [path.name for path in (Path(workspace.files.root) / "projects").iterdir()] == ["p"]


def test_an_existing_project_is_not_replaced_unasked(workspace: Workspace):
    """The error names the place and both ways out."""
    small_project(workspace, "p")

    with pytest.raises(WorkspaceError, match=r"project 'p' exists in .*; choose another name, or .* --overwrite"):
        workspace.draft("p")


def test_the_slower_of_two_drafts_is_refused(workspace: Workspace):
    """Both began when the name was free; the first one to finish keeps it."""
    quick, slow = workspace.draft("p"), workspace.draft("p")
    add_picture(quick, "quick.png")
    add_picture(slow, "slow.png")
    quick.commit(META, {})

    with pytest.raises(WorkspaceError, match="project 'p' exists"):
        slow.commit(META, {})

    assert places(workspace.project("p")) == ["training/quick.png"]


def test_many_workers_write_one_draft(workspace: Workspace):
    """The draft travels pickled; every picture arrives."""
    draft = workspace.draft("p")
    draft.add_dataset("training")
    again = pickle.loads(pickle.dumps(draft))

    def write(number: int) -> None:
        again.write("training", f"{number:03d}.png", picture=PICTURE, annotation=CAR)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(50)))
    project = draft.commit(META, {})

    assert places(project) == [f"training/{number:03d}.png" for number in range(50)]
    assert all(project.annotation(key) == CAR for key in list(project.keys()))


def test_a_stopped_draft_is_gone_on_with_by_its_key(workspace: Workspace):
    """Under another name: a worker of the killed run that is still at work gets nothing in, and nothing of it stays."""
    with workspace.lock("p", keep="key"):
        killed = workspace.draft("p", key="key")
        add_picture(killed, "a.png")
        killed.journal.write("first", [Row(ItemKey("source", "ds", "a.png"))])

    with workspace.lock("p", keep="key"):
        draft = workspace.draft("p", key="key")
        assert draft.journal.blocks == ["first"]
        add_picture(killed, "b.png")
        with pytest.raises(StorageError, match="No such file"):
            killed.journal.write("second", [Row(ItemKey("source", "ds", "b.png"))])
        draft.commit(META, {})

    assert places(workspace.project("p")) == ["training/a.png"]
    assert [path.name for path in (Path(workspace.files.root) / "projects").iterdir()] == ["p"]


def test_a_draft_of_another_key_or_without_a_journal_is_not_gone_on_with(workspace: Workspace):
    """Nobody knows what is in it."""
    with workspace.lock("p", keep="key"):
        add_picture(workspace.draft("p", key="key"))
    with workspace.lock("p", keep="other"):
        other = workspace.draft("p", key="other")
        other.journal.write("first", [Row(ItemKey("source", "ds", "a.png"))])

    with workspace.lock("p", keep="key"):
        draft = workspace.draft("p", key="key")

        assert draft.journal.blocks == []
        assert [path.name for path in (Path(workspace.files.root) / "projects").iterdir()] == [Path(draft.folder).name]
        assert draft.files.folders() == ["meta"]
