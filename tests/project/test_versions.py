"""Versions of a project in object storage, on a server of its own."""

import time
from pathlib import Path

import pytest

from kittiseg.errors import WorkspaceError
from kittiseg.project import versions
from kittiseg.project.store import Workspace
from tests.data.drafts import META, add_picture, places
from tests.data.s3 import leftovers_in_store


def write(workspace: Workspace, name: str, *, key: str | None = None, overwrite: bool = False) -> None:
    add_picture(draft := workspace.draft("p", overwrite=overwrite, key=key), name)
    draft.commit(META, {})


def test_nothing_is_there_before_commit(s3_workspace: Workspace):
    """Neither while it is written, nor after it was thrown away; then the name is free."""
    add_picture(draft := s3_workspace.draft("p"))
    assert s3_workspace.projects() == []
    with pytest.raises(WorkspaceError, match="no project 'p'"):
        s3_workspace.project("p")

    draft.discard()
    write(s3_workspace, "a.png")

    assert s3_workspace.projects() == ["p"]
    with pytest.raises(WorkspaceError, match="project 'p' exists"):
        s3_workspace.draft("p")


def test_who_reads_the_replaced_one_reads_on_until_the_next(s3_workspace: Workspace):
    """It is removed with the next replacement."""
    write(s3_workspace, "a.png")
    before = s3_workspace.project("p")

    write(s3_workspace, "b.png", overwrite=True)
    assert places(before) == ["training/a.png"]
    assert places(s3_workspace.project("p")) == ["training/b.png"]
    write(s3_workspace, "c.png", overwrite=True)

    assert before.files.files("training/img") == []
    assert leftovers_in_store(s3_workspace) == []


def test_two_writers_do_not_mix(s3_workspace: Workspace):
    """The one that ends last is kept, whole."""
    first, second = (s3_workspace.draft("p", overwrite=True) for _ in range(2))
    for number in range(2):
        add_picture(first, f"first{number}.png")
        add_picture(second, f"second{number}.png")

    second.commit(META, {})
    first.commit(META, {})

    assert places(s3_workspace.project("p")) == ["training/first0.png", "training/first1.png"]


def test_a_project_that_was_copied_there_is_one_and_can_be_replaced(s3_workspace: Workspace):
    """It lies in the folder of its name, as on a disk."""
    write(s3_workspace, "a.png")
    version = s3_workspace.project("p").files.root.rpartition("/")[2]
    s3_workspace.files.move(f"projects/p/{version}", "projects/copied")
    assert places(s3_workspace.project("copied")) == ["training/a.png"]

    for name in ("b.png", "c.png"):
        add_picture(draft := s3_workspace.draft("copied", overwrite=True), name)
        draft.commit(META, {})

    assert places(s3_workspace.project("copied")) == ["training/c.png"]
    assert s3_workspace.files.files("projects/copied") == [versions.CURRENT]


def test_a_draft_with_a_journal_is_gone_on_with(s3_workspace: Workspace):
    """By the same key alone; the project itself and the one before it are no drafts of their key."""
    write(s3_workspace, "a.png", key="k")
    write(s3_workspace, "b.png", key="k", overwrite=True)
    draft = s3_workspace.draft("p", key="k", overwrite=True)
    draft.journal.begin()

    assert s3_workspace.draft("p", key="k", overwrite=True).folder == draft.folder
    assert s3_workspace.draft("p", key="other", overwrite=True).folder != draft.folder


def test_what_was_left_goes_after_a_week(s3_workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    """When the project is written next; but for what that run goes on with."""
    for key in ("mine", "other"):
        s3_workspace.draft("p", key=key).journal.begin()
    with s3_workspace.lock("p", keep="mine"):
        assert len(leftovers_in_store(s3_workspace)) == 2
    later = time.time() + 8 * 24 * 3600
    monkeypatch.setattr(versions.time, "time", lambda: later)

    with s3_workspace.lock("p", keep="mine"):
        (left,) = leftovers_in_store(s3_workspace)

    assert Path(left).name.startswith(".mine_")


def test_a_project_of_a_key_is_a_draft_again(s3_workspace: Workspace):
    """To be gone on with; until then there is no project."""
    write(s3_workspace, "a.png", key="k")
    s3_workspace.project("p").journal.begin()

    s3_workspace.reopen("p", "k")

    assert s3_workspace.projects() == []
    draft = s3_workspace.draft("p", key="k")
    add_picture(draft, "b.png")
    draft.commit(META, {})
    assert places(s3_workspace.project("p")) == ["training/a.png", "training/b.png"]
