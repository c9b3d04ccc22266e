"""Folders and zips look the same, and an archive cannot reach out of itself."""

import pickle
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kittiseg.errors import DataError
from kittiseg.formats import Source
from tests.data.kitti_folders import write, zipped


@pytest.fixture(params=["folder", "zip"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    folder = tmp_path / "data"
    write(folder, "b/two.txt", b"two")
    write(folder, "a.txt", b"one")
    write(folder, ".hidden/x.txt", b"")
    write(folder, "b/._two.txt", b"")
    write(folder, "__MACOSX/b/two.txt", b"")
    return Source.at(folder if request.param == "folder" else zipped(folder))


def test_files_are_listed_sorted_without_hidden_ones(source: Source) -> None:
    """What macOS and file managers leave behind is no data."""
    assert source.files() == ["a.txt", "b/two.txt"]


def test_files_are_read(source: Source) -> None:
    """The bytes are the file's."""
    assert source.read("b/two.txt") == b"two"


def test_a_source_travels_to_workers(source: Source) -> None:
    """Its copy reads on, also after the first one has opened the archive."""
    source.files()
    assert pickle.loads(pickle.dumps(source)).read("a.txt") == b"one"


def test_threads_share_a_source(source: Source) -> None:
    """Many readers at once get whole files."""
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(source.read, ["a.txt", "b/two.txt"] * 100)) == {b"one", b"two"}


def test_the_name_is_that_of_the_folder_or_zip(source: Source) -> None:
    """Without the suffix."""
    assert source.name == "data"


def test_a_missing_file_is_named(source: Source) -> None:
    """A file that went away since it was listed."""
    with pytest.raises(DataError, match=r"gone\.txt: cannot be read"):
        source.read("gone.txt")


@pytest.mark.parametrize(
    "entry", ["../evil.png", "a/../../evil.png", "/evil.png", "C:/evil.png", "C:evil.png", "..\\evil.png"]
)
def test_an_entry_that_points_out_of_the_archive_is_refused(tmp_path: Path, entry: str) -> None:
    """Its name is in the error."""
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("fine.png", b"")
        archive.writestr(entry, b"")
    with pytest.raises(DataError, match="points out of the archive") as caught:
        Source.at(tmp_path / "bad.zip").files()
    assert repr(entry) in str(caught.value)


def test_a_damaged_entry_is_named(tmp_path: Path) -> None:
    """A flipped bit in the packed data."""
    path = tmp_path / "flipped.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", b"0123456789" * 10)
    path.write_bytes(path.read_bytes().replace(b"345", b"3x5", 1))
    with pytest.raises(DataError, match=r"a\.txt: cannot be read"):
        Source.at(path).read("a.txt")


def test_an_archive_that_was_replaced_is_opened_anew(tmp_path: Path) -> None:
    """No stale directory stays in memory."""
    folder = tmp_path / "data"
    write(folder, "old.txt", b"")
    source = Source.at(zipped(folder))
    source.files()
    write(folder, "new.txt", b"now")
    zipped(folder)
    assert source.read("new.txt") == b"now"


def test_what_is_neither_folder_nor_zip_is_refused(tmp_path: Path) -> None:
    """A missing path, and a file of another kind."""
    write(tmp_path, "note.txt", b"hello")
    with pytest.raises(DataError, match="no such folder or zip"):
        Source.at(tmp_path / "missing")
    with pytest.raises(DataError, match="neither a folder nor a zip"):
        Source.at(tmp_path / "note.txt")


def test_a_link_to_a_folder_is_followed_once(tmp_path: Path) -> None:
    """Also one that leads back to where it lies."""
    write(tmp_path, "real/a.txt", b"one")
    (tmp_path / "top").mkdir()
    (tmp_path / "top" / "link").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "loop").symlink_to(tmp_path / "top")
    assert Source.at(tmp_path / "top").files() == ["link/a.txt"]
