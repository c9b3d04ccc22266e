"""Transforms that are killed at any moment, for real: the same command goes on, and nothing shows in the end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kittiseg.engine import Engine
from kittiseg.engine.in_process import InProcess
from kittiseg.errors import WorkspaceError
from kittiseg.pipeline import Run, Transformed, transform
from kittiseg.project.geometry import Size
from kittiseg.project.store import Workspace
from tests.data.commands import journal_blocks, run_command, start_command, stop_when
from tests.data.kitti_folders import png
from tests.data.progress import Recorder
from tests.data.projects import small_project
from tests.data.runs import Killer, digest_of_project, json_file, leftovers, run_in, told, tutorial_query

pytestmark = pytest.mark.drill

COUNT = 60
PICTURE = Size(height=100, width=320)
ENGINES = ["local", "ray"]


@pytest.fixture
def query(workspace: Workspace, tmp_path: Path) -> Path:
    """The tutorial's, on 60 pictures: one block of the journal for each."""
    small_project(workspace, "small", count=COUNT, size=PICTURE)
    return json_file(tmp_path, "query", tutorial_query("small", "crops"))


@pytest.fixture
def undisturbed(workspace: Workspace, query: Path) -> str:
    """The digest of the files that a run makes which nobody disturbs; the project is gone again."""
    return digest_without_disturbance(workspace, query)


def digest_without_disturbance(workspace: Workspace, query: Path) -> str:
    transform(run_in(workspace), query)
    digest = digest_of_project(workspace, "crops")
    workspace.files.remove("projects/crops")
    return digest


def written_at(workspace: Workspace) -> dict[str, int]:
    """Each picture that the journal of the draft knows, and when its file was written."""
    [draft] = Path(workspace.files.path("projects")).glob(".crops.*.partial")
    journal = "".join(path.read_text() for path in draft.glob("meta/lineage/*.jsonl"))
    return {path.name: path.stat().st_mtime_ns for path in draft.glob("*/img/*") if f'"{path.name}"' in journal}


def done_again(workspace: Workspace, before: dict[str, int]) -> list[str]:
    """Those that were there and have been written once more since."""
    [folder] = Path(workspace.files.path("projects/crops")).glob("*/img")
    return [name for name, time_ns in before.items() if (folder / name).stat().st_mtime_ns != time_ns]


def test_a_killed_worker_does_not_show(workspace: Workspace, query: Path, undisturbed: str, ray_engine: Engine):
    """Ray does its block again; the run ends by itself."""
    with Killer("MapBatch", when=lambda: len(journal_blocks(workspace, "crops")) >= 5) as killer:
        made = transform(run := run_in(workspace, ray_engine), query)

    assert killer.killed
    assert made.images == COUNT * 12
    assert told(run).bars == [("transform crops", COUNT, COUNT)]
    assert digest_of_project(workspace, "crops") == undisturbed
    assert leftovers(workspace) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_a_killed_command_goes_on_where_it_was(workspace: Workspace, query: Path, undisturbed: str, engine: str):
    """SIGKILL to all of it. The same command says what is done, does the rest alone, and gives the same bytes."""
    process = start_command(workspace, "transform", str(query), engine=engine)
    code, _ = stop_when(process, signal.SIGKILL, lambda: len(journal_blocks(workspace, "crops")) >= 20)
    assert code == -signal.SIGKILL
    assert workspace.projects() == ["small"]
    wait_for_quiet(workspace)
    before, blocks = written_at(workspace), len(journal_blocks(workspace, "crops"))
    assert len(before) == 12 * blocks
    assert 20 <= blocks < COUNT

    code, err = run_command(workspace, "transform", str(query), engine=engine)

    assert code == 0
    assert f"going on: {blocks} of {COUNT} pictures are done" in err
    assert f"transform crops: {COUNT - blocks} pictures" in err
    assert done_again(workspace, before) == []
    assert digest_of_project(workspace, "crops") == undisturbed
    assert leftovers(workspace) == []


def wait_for_quiet(workspace: Workspace) -> None:
    """Until no worker of a Ray that lost its driver writes any more."""
    last, since = -1, time.monotonic()
    while time.monotonic() - since < 1:
        time.sleep(0.05)
        count = sum(1 for _ in Path(workspace.files.path("projects")).rglob("*"))
        if count != last:
            last, since = count, time.monotonic()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_ends_cleanly_and_can_go_on(
    workspace: Workspace, query: Path, undisturbed: str, engine: str, sent: signal.Signals
):
    """Exit code 130 or 143, a line that says how to go on, no traceback; nobody else notices."""
    process = start_command(workspace, "transform", str(query), engine=engine)
    code, err = stop_when(process, sent, lambda: len(journal_blocks(workspace, "crops")) >= 10)

    assert code == 128 + sent
    assert err.endswith("what is done is kept: the same command goes on from there\ninterrupted\n")
    assert "Traceback" not in err
    assert workspace.projects() == ["small"]
    blocks = len(journal_blocks(workspace, "crops"))

    _, heard = go_on(workspace, query)

    assert heard.notices == [f"going on: {blocks} of {COUNT} pictures are done"]
    assert digest_of_project(workspace, "crops") == undisturbed
    assert leftovers(workspace) == []


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_import_leaves_nothing(workspace: Workspace, tmp_path: Path, sent: signal.Signals):
    """It is begun anew: there is nothing to go on from."""
    (tmp_path / "pictures").mkdir()
    for number in range(400):
        (tmp_path / "pictures" / f"{number:03d}.png").write_bytes(png(PICTURE, seed=number % 4))
    process = start_command(workspace, "import", "images", str(tmp_path / "pictures"), "--name", "p")
    projects = Path(workspace.files.path("projects"))

    code, err = stop_when(process, sent, lambda: len(list(projects.glob(".p.*.partial/ds/img/*"))) > 20)

    assert code == 128 + sent
    assert err.endswith("interrupted\n")
    assert workspace.projects() == leftovers(workspace) == [] == list(projects.iterdir())


KILLED_BETWEEN = """
import os, signal, sys
from kittiseg.cli import run
from kittiseg.project.files import Files

move = Files.move

def move_once(files, old, new):
    if old.endswith(".partial"):
        os.kill(os.getpid(), signal.SIGKILL)
    move(files, old, new)

Files.move = move_once
run(sys.argv[1:])
"""


def test_a_kill_between_the_two_renames_of_a_replacement_loses_nothing(
    workspace: Workspace, query: Path, undisturbed: str
):
    """The old project is under another name then; the next command that writes it puts it back, or replaces it."""
    words = ["-w", workspace.files.root, "--engine", "local"]
    transform(run_in(workspace, seed=7), query)
    old = digest_of_project(workspace, "crops")
    killed = [sys.executable, "-c", KILLED_BETWEEN, *words, "transform", str(query), "--overwrite"]
    assert subprocess.run(killed, check=False, capture_output=True).returncode == -signal.SIGKILL
    assert workspace.projects() == ["small"]

    with pytest.raises(WorkspaceError, match="project 'crops' exists"):
        transform(run_in(workspace), query)
    assert digest_of_project(workspace, "crops") == old

    transform(run := run_in(workspace), query, overwrite=True)

    assert told(run).notices == [f"going on: {COUNT} of {COUNT} pictures are done"]
    assert digest_of_project(workspace, "crops") == undisturbed
    assert leftovers(workspace) == []


def test_the_second_of_two_commands_at_one_moment_is_refused(workspace: Workspace, query: Path, undisturbed: str):
    """Exit code 2; the first one ends as if it were alone."""
    first = start_command(workspace, "transform", str(query))
    while not journal_blocks(workspace, "crops"):
        assert first.poll() is None
        time.sleep(0.002)

    with pytest.raises(WorkspaceError, match="project 'crops' is being written by another process; wait, or stop it"):
        transform(run_in(workspace), query)
    os.kill(first.pid, 0)  # so it was still at work
    assert first.wait(timeout=60) == 0

    first.communicate()
    assert digest_of_project(workspace, "crops") == undisturbed
    assert leftovers(workspace) == []


class Impatient(Recorder):
    """Presses Ctrl-C after some pictures."""

    def advance(self, count: int = 1, note: str = "") -> None:
        super().advance(count, note)
        if self.bars[-1][2] >= 10:
            raise KeyboardInterrupt


def stop_after_ten(workspace: Workspace, query: Path, *, seed: int = 0) -> Path:
    """The draft that a transform leaves which is stopped after ten pictures."""
    with pytest.raises(KeyboardInterrupt):
        transform(Run(workspace, InProcess, seed, Impatient()), query)
    [draft] = Path(workspace.files.path("projects")).glob(".crops.*.partial")
    return draft


def go_on(workspace: Workspace, query: Path, *, seed: int = 0) -> tuple[Transformed, Recorder]:
    made = transform(run := run_in(workspace, seed=seed), query)
    return made, told(run)


def test_a_source_that_changed_meanwhile_is_noticed(workspace: Workspace, query: Path):
    """What was made of the old one is worth nothing; all is begun anew, and it is said which picture it was."""
    stop_after_ten(workspace, query)
    picture = Path(workspace.files.path("projects/small/training/img/000003_10.png"))
    picture.write_bytes(png(PICTURE, seed=99))

    _, heard = go_on(workspace, query)

    assert heard.notices == ["small/training/000003_10.png has changed since the transform was stopped: beginning anew"]
    assert heard.bars == [("transform crops", COUNT, COUNT)]
    assert leftovers(workspace) == []
    digest = digest_of_project(workspace, "crops")
    workspace.files.remove("projects/crops")
    assert digest == digest_without_disturbance(workspace, query)


def test_a_source_that_came_meanwhile_is_done_too(workspace: Workspace, query: Path):
    """Those that are done stay done."""
    stop_after_ten(workspace, query)
    project = workspace.project("small")
    for folder, suffix in (("img", ""), ("ann", ".json")):
        project.files.write(
            f"training/{folder}/new.png{suffix}", project.files.read(f"training/{folder}/000000_10.png{suffix}")
        )

    made, heard = go_on(workspace, query)

    assert heard.notices == [f"going on: 10 of {COUNT + 1} pictures are done"]
    assert made.images == 12 * (COUNT + 1)


def test_another_seed_begins_anew(workspace: Workspace, query: Path, undisturbed: str):
    """What was made with the first one is not mixed in, and is gone."""
    stop_after_ten(workspace, query, seed=7)

    _, heard = go_on(workspace, query)

    assert heard.notices == []
    assert digest_of_project(workspace, "crops") == undisturbed
    assert leftovers(workspace) == []


def test_another_query_begins_anew(workspace: Workspace, query: Path, tmp_path: Path, undisturbed: str):
    """Also where it only has another number in it."""
    other = tutorial_query("small", "crops")
    other[7]["settings"]["multiply"] += 1
    draft = stop_after_ten(workspace, json_file(tmp_path, "other", other))

    _, heard = go_on(workspace, query)

    assert heard.notices == []
    assert digest_of_project(workspace, "crops") == undisturbed
    assert not draft.exists()


def test_what_a_kill_left_half_written_is_swept_away(workspace: Workspace, query: Path, undisturbed: str):
    """Pictures of which the journal knows nothing, and half of a block of the journal."""
    draft = stop_after_ten(workspace, query)
    [data_set] = (path.parent for path in draft.glob("*/img"))
    (data_set / "img" / "orphan.png").write_bytes(b"half")
    (data_set / "ann" / "widow.png.json").write_bytes(b"{")
    (draft / "meta" / "lineage" / ".0123.jsonl.4567.partial").write_bytes(b"{")

    _, heard = go_on(workspace, query)

    assert heard.notices == [f"going on: 10 of {COUNT} pictures are done"]
    assert digest_of_project(workspace, "crops") == undisturbed


def test_a_draft_without_a_journal_is_begun_anew(workspace: Workspace, query: Path, undisturbed: str):
    """Killed before the first block was complete: nobody knows what its pictures were made of."""
    draft = stop_after_ten(workspace, query)
    for block in (draft / "meta" / "lineage").iterdir():
        block.unlink()
    [data_set] = (path.parent for path in draft.glob("*/img"))
    (data_set / "img" / "orphan.png").write_bytes(b"half")

    _, heard = go_on(workspace, query)

    assert heard.bars == [("transform crops", COUNT, COUNT)]
    assert digest_of_project(workspace, "crops") == undisturbed
