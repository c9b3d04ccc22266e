from pathlib import Path

import pytest

from kittiseg.engine import Engine
from kittiseg.engine.in_process import InProcess
from kittiseg.errors import WorkspaceError
from kittiseg.pipeline import Run
from kittiseg.pipeline.run import digest_of, provenance
from kittiseg.project.store import Workspace
from tests.data.projects import small_project
from tests.data.runs import leftovers, run_in


class Counted(InProcess):
    """Counts its starts and its ends."""

    starts = 0
    ends = 0

    def __new__(cls) -> "Counted":
        cls.starts += 1
        return super().__new__(cls)

    def shutdown(self) -> None:
        type(self).ends += 1


def test_the_engine_starts_when_it_is_needed_and_ends_once(workspace: Workspace):
    """And starts again where a run goes on after its end."""
    run = Run(workspace, Counted)
    run.close()
    assert (Counted.starts, Counted.ends) == (0, 0)

    first: Engine = run.engine
    assert run.engine is first
    run.close()
    run.close()
    assert (Counted.starts, Counted.ends) == (1, 1)

    assert list(run.map(str, [1], stage="t", project="p", unit="u")) == ["1"]
    assert Counted.starts == 2


def test_drafts_that_were_not_committed_are_gone(workspace: Workspace):
    """The others appear whole."""
    meta = small_project(workspace, "other").meta

    with run_in(workspace).drafts(["a", "b"], overwrite=False) as (first, _):
        first.commit(meta, {})

    assert workspace.projects() == ["a", "other"]
    assert leftovers(workspace) == []


def test_one_name_that_is_taken_leaves_no_draft_of_the_others(workspace: Workspace):
    """An import of two projects finds the second one there."""
    small_project(workspace, "b")

    with (
        pytest.raises(WorkspaceError, match="project 'b' exists"),
        run_in(workspace).drafts(["a", "b"], overwrite=False),
    ):
        pass

    assert leftovers(workspace) == []


def test_an_interruption_ends_the_engine_before_the_drafts_go(workspace: Workspace):
    """Its workers would write into folders that are being removed."""
    there: list[bool] = []

    class Watching(InProcess):
        def shutdown(self) -> None:
            there.append(bool(leftovers(workspace)))

    run = Run(workspace, Watching)
    assert run.engine
    with pytest.raises(KeyboardInterrupt), run.drafts(["a"], overwrite=False):
        raise KeyboardInterrupt

    assert there == [True]
    assert leftovers(workspace) == []


def test_a_digest_does_not_depend_on_the_order():
    """Workers end in any order; another name or content is another digest."""
    one, other = ("training", "a.png", "123"), ("training", "b.png", "456")

    assert digest_of([one, other]) == digest_of([other, one])
    assert digest_of([one]) != digest_of([one, other]) != digest_of([("training", "c.png", "123"), other])


def test_provenance_has_seed_and_versions(workspace: Workspace):
    """So that a result can be made again."""
    known = provenance(run_in(workspace, seed=7), "transform", digest="abc")

    assert (known["command"], known["seed"], known["digest"]) == ("transform", 7, "abc")
    assert set(known["versions"]) >= {"python", "kittiseg", "numpy", "ray", "torch"}


def test_a_workspace_that_is_a_file_is_refused(tmp_path: Path):
    """It would look empty."""
    (tmp_path / "file").touch()

    with pytest.raises(WorkspaceError, match="a file; wanted a folder"):
        Run.at(tmp_path / "file")
