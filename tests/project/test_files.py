"""Files in folders, on disk and in stores that know no folders."""

import pickle
from collections.abc import Callable
from pathlib import Path

import fsspec
import pyarrow.fs as pafs
import pytest

from kittiseg.errors import DataError, StorageError, WorkspaceError
from kittiseg.project.files import Files
from tests.data.s3 import keys


@pytest.fixture(params=["local", "uri", "subtree", "keys", "s3"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    """A folder on disk, under its path, as a URI, as part of a file system; and stores that rename nothing."""
    if request.param == "s3":
        return request.getfixturevalue("s3_workspace").files
    if request.param == "local":
        return Files.at(tmp_path)
    if request.param == "uri":
        return Files.at(tmp_path.as_uri())
    if request.param == "subtree":
        return Files(pafs.SubTreeFileSystem(str(tmp_path), pafs.LocalFileSystem()), "space")
    memory = fsspec.get_filesystem_class("memory")(skip_instance_cache=True)
    return Files(pafs.PyFileSystem(pafs.FSSpecHandler(memory)), str(tmp_path))


def test_what_is_written_is_read(files: Files):
    """Names with spaces, parentheses and letters of any language."""
    files.make_folder("unet (ckpt 27)/größe 写真")
    files.write("unet (ckpt 27)/größe 写真/a b.bin", b"\x00\xff")
    files.write("unet (ckpt 27)/a.gz", b"as it is")

    assert files.read("unet (ckpt 27)/größe 写真/a b.bin") == b"\x00\xff"
    assert files.filesystem.get_file_info(files.path("unet (ckpt 27)/a.gz")).size == 8
    assert files.exists("unet (ckpt 27)")
    assert not files.exists("unet")
    assert files.within("unet (ckpt 27)").folders() == ["größe 写真"]
    assert files.within("unet (ckpt 27)").files("größe 写真") == ["a b.bin"]


def test_lists_are_sorted_and_leave_out_work_in_progress(files: Files):
    """Whatever order the file system has; names with a leading dot are nobody's business."""
    for name in ("b", "a10", "a2", ".hidden", "B"):
        files.make_folder(f"folders/{name}")
        files.write(f"folders/{name}/file", b"")
        files.write(f"folders/{name}.txt", b"")

    assert files.folders("folders") == ["B", "a10", "a2", "b"]
    assert files.files("folders") == ["B.txt", "a10.txt", "a2.txt", "b.txt"]
    assert files.folders("nowhere") == []


def test_replace_leaves_one_whole_file(files: Files):
    """The new bytes under the old name, nothing beside it; the folder is made where it is missing."""
    files.replace("a/b/config.json", b"old and long")
    files.replace("a/b/config.json", b"new")
    files.replace("top.json", b"1")

    assert files.read("a/b/config.json") == b"new"
    assert keys(files) == ["a/b/config.json", "top.json"]


def test_a_replacement_that_was_cut_off_changes_nothing(files: Files):
    """Stopped before the rename: the old file is whole, and the half of the new one is in no list."""
    files.replace("config.json", b"old")

    def begin() -> None:
        with files.replacing("config.json") as stream:
            stream.write(b"new")
            raise OSError("no space left on device")

    with pytest.raises(StorageError, match="no space left"):
        begin()

    assert files.read("config.json") == b"old"
    assert keys(files) == ["config.json"]


def test_any_place_of_a_replacement_can_be_written_again(files: Files):
    """Also where the file system itself only appends; until the end nobody sees anything of it."""
    with files.replacing("a/table.bin") as stream:
        stream.write(b"..data")
        stream.seek(0)
        stream.write(b"06")
        assert not files.exists("a/table.bin")

    assert files.read("a/table.bin") == b"06data"
    assert keys(files) == ["a/table.bin"]


@pytest.mark.parametrize(
    "change",
    [
        lambda files: files.write("file/a", b""),
        lambda files: files.replace("file/a", b""),
        lambda files: files.append("file/a", b""),
        lambda files: files.make_folder("file/a"),
        lambda files: files.move("file", "nowhere/file"),
    ],
    ids=["write", "replace", "append", "make_folder", "move"],
)
def test_what_cannot_be_written_names_its_place(tmp_path: Path, change: Callable[[Files], None]):
    """In the system's words, without pyarrow's; what was there is still there."""
    (tmp_path / "file").write_bytes(b"whole")

    with pytest.raises(StorageError, match=rf"^{tmp_path}/.*: cannot be written: [A-Z][a-z ]+; mend that, then run"):
        change(Files.at(tmp_path))

    assert (tmp_path / "file").read_bytes() == b"whole"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_append_adds_to_the_end(files: Files):
    """Also to a file that is not there yet."""
    files.make_folder("")
    files.append("history.jsonl", b"1\n")
    files.append("history.jsonl", b"2\n")

    assert files.read("history.jsonl") == b"1\n2\n"


def test_move_takes_a_folder_with_all_that_is_in_it(files: Files):
    """Nothing stays at the old place."""
    for name in (".draft/meta.json", ".draft/ds/img/a.png", ".draft/ds/ann/a.png.json"):
        files.make_folder(str(Path(name).parent))
        files.write(name, name.encode())

    files.move(".draft", "done")

    assert keys(files) == ["done/ds/ann/a.png.json", "done/ds/img/a.png", "done/meta.json"]
    assert files.read("done/ds/img/a.png") == b".draft/ds/img/a.png"
    assert not files.exists(".draft")


def test_move_takes_a_file(files: Files):
    """A file may be renamed as well."""
    files.make_folder("")
    files.write("a", b"1")

    files.move("a", "b")

    assert keys(files) == ["b"]


def test_remove_takes_files_folders_and_nothing(files: Files):
    """What is not there is no error."""
    files.make_folder("a/b")
    files.write("a/b/c", b"")
    files.write("d", b"")

    files.remove("a")
    files.remove("d")
    files.remove("e")

    assert keys(files) == []
    assert not files.exists("a")


def test_files_can_be_pickled(files: Files):
    """They travel to workers, which see the same place."""
    files.make_folder("")
    again = pickle.loads(pickle.dumps(files))

    again.write("a", b"1")

    assert again.root == files.root
    if files.filesystem.type_name != "py::fsspec+memory":  # memory is not shared by what is unpickled
        assert files.read("a") == b"1"


def test_a_missing_file_is_named(files: Files):
    """With its whole path."""
    with pytest.raises(WorkspaceError, match=r"ds/a\.png: no such file"):
        files.read("ds/a.png")


def test_a_folder_in_the_place_of_a_file_is_an_error(tmp_path: Path):
    """As is any other file that cannot be read."""
    (tmp_path / "a.png").mkdir()

    with pytest.raises(WorkspaceError, match=r"a\.png: cannot be read"):
        Files.at(tmp_path).read("a.png")


@pytest.mark.parametrize("data", [b"{", b"\xff\xfe", b""])
def test_damaged_json_is_named(files: Files, data: bytes):
    """With its whole path."""
    files.make_folder("")
    files.write("meta.json", data)

    with pytest.raises(DataError, match=r"meta\.json: not valid JSON"):
        files.read_json("meta.json")


@pytest.mark.parametrize("location", ["nonsense://bucket", "file:///a b/\x00", "s3:/ /x://", "s3://", "s3:// b/x"])
def test_a_place_that_is_none_is_an_error(location: str):
    """A URI that nobody knows."""
    with pytest.raises(WorkspaceError, match="not a place"):
        Files.at(location)


def test_a_home_and_a_relative_path_are_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Workers may run in another folder, so the root is absolute."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    assert Files.at("~/space").root == Files.at("space").root == str(tmp_path.resolve() / "space")
