"""Disks that are full or for reading only, for real: one error that names place and remedy, and no harm done."""

import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kittiseg.cli import run as command_line
from kittiseg.pipeline import transform
from kittiseg.project.geometry import Size
from kittiseg.project.store import Workspace
from tests.data.commands import journal_blocks, run_command
from tests.data.kitti_folders import png, write
from tests.data.projects import small_project
from tests.data.runs import json_file, leftovers, run_in, tutorial_query

PICTURE = Size(height=100, width=320)
COUNT = 40
ROOM = 10  # MiB: for the sources and some of the crops


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, of 10 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}m", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"needs the right to mount: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def remount(disk: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(disk)], check=True)


@pytest.fixture
def query(tmp_path: Path) -> Path:
    return json_file(tmp_path, "query", tutorial_query("small", "crops"))


def errors(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("error: ")]


@pytest.mark.parametrize("engine", ["local", "ray"])
def test_a_transform_that_fills_the_disk_goes_on_when_there_is_room(
    workspace: Workspace, disk: Path, query: Path, engine: str
):
    """One line, exit code 2; with room made, the same command does the rest and gives what it would have given."""
    small = Workspace.at(disk)
    for place in (workspace, small):
        small_project(place, "small", count=COUNT, size=PICTURE)
    undisturbed = transform(run_in(workspace), query)

    code, err = run_command(small, "transform", str(query), engine=engine)

    assert code == 2, err
    [line] = errors(err)
    assert line.startswith(f"error: {disk}/projects/.crops.")
    assert line.endswith(
        ": cannot be written: No space left on device; make room there, then run the same command again"
    )
    assert "the same command goes on from there" in err
    assert "Traceback" not in err
    assert small.projects() == ["small"]
    blocks = len(journal_blocks(small, "crops"))

    remount(disk, "size=100m")
    code, err = run_command(small, "transform", str(query), engine=engine)

    assert code == 0, err
    assert f"going on: {blocks} of {COUNT} pictures are done" in err
    assert small.project("crops").digest == undisturbed.digest
    assert leftovers(small) == []


def test_an_import_that_fills_the_disk_leaves_nothing(disk: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """Its pictures are not to blame, so not one of them is named as damaged."""
    for number in range(120):
        write(tmp_path / "pictures", f"{number:03d}.png", png(PICTURE, seed=number % 4))

    code = command_line(
        ["-w", str(disk), "--engine", "local", "import", "images", str(tmp_path / "pictures"), "--name", "p"]
    )

    err = capfd.readouterr().err
    assert (code, len(errors(err))) == (2, 1)
    assert "No space left on device; make room there" in err
    assert list((disk / "projects").iterdir()) == []


def test_a_place_that_is_for_reading_only_can_be_read(
    disk: Path, tmp_path: Path, query: Path, capfd: pytest.CaptureFixture[str]
):
    """Whatever writes is refused at once, with another way."""
    small_project(Workspace.at(disk), "small", count=2)
    write(tmp_path / "pictures", "a.png", png())
    remount(disk, "ro")
    words = ["-w", str(disk), "--engine", "local"]

    assert command_line([*words, "stats", "small"]) == 0
    assert command_line([*words, "transform", str(query), "--dry-run"]) == 0
    assert capfd.readouterr().err.count("error") == 0

    for command in (["transform", str(query)], ["import", "images", str(tmp_path / "pictures"), "--name", "p"]):
        assert command_line([*words, *command]) == 2
        [line] = errors(capfd.readouterr().err)
        assert str(disk) in line
        assert "Read-only file system; give yourself the right to write there, or choose another --workspace" in line
    assert Workspace.at(disk).projects() == ["small"]


def few_bytes_a_file() -> None:
    """What a quota does, without asking for rights."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


@pytest.mark.parametrize(
    "words",
    [
        lambda folder, query: ["transform", str(query)],
        lambda folder, query: ["import", "images", str(folder), "--name", "p"],
    ],
    ids=["transform", "import"],
)
def test_a_file_that_may_not_be_so_large_ends_the_command(
    workspace: Workspace, tmp_path: Path, query: Path, words: Callable[[Path, Path], list[str]]
):
    """The first picture that cannot be written says so for all, and nothing is left of it."""
    small_project(workspace, "small", count=3, size=PICTURE)
    write(tmp_path / "pictures", "a.png", png(PICTURE))
    command = [sys.executable, "-m", "kittiseg", "-w", workspace.files.root, "--engine", "local"]

    done = subprocess.run(
        [*command, *words(tmp_path / "pictures", query)], preexec_fn=few_bytes_a_file, capture_output=True, text=True
    )

    assert done.returncode == 2
    [line] = errors(done.stderr)
    assert ".png: cannot be written: File too large; make room there" in line
    assert workspace.projects() == ["small"]
    assert leftovers(workspace) == []
