"""Where pictures lie that are kept in blocks."""

from pathlib import Path

import pytest

from kittiseg.errors import DataError, WorkspaceError
from kittiseg.project.files import Files
from kittiseg.project.index import Index, Place, write_index
from kittiseg.project.item import ItemKey
from kittiseg.project.journal import Output


def _index(folder: Path, blocks: dict[str, list[str]]) -> Index:
    outputs = {block: [Output(*place.split("/"), digest="") for place in places] for block, places in blocks.items()}
    write_index(Files.at(folder), outputs.items())
    return Index(Files.at(folder))


def test_lists_and_finds(tmp_path: Path):
    """Sorted, whichever block comes first; a place counts within its block."""
    index = _index(tmp_path, {"x": ["val/b.png", "train/ü.png"], "w": ["val/a.png"]})

    assert index.datasets() == ["train", "val"]
    assert index.names("val") == ["a.png", "b.png"]
    assert index.names("test") == []
    assert index.place(ItemKey("p", "train", "ü.png")) == Place("x", 1)
    assert index.place(ItemKey("p", "val", "a.png")) == Place("w", 0)


def test_a_picture_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(WorkspaceError, match=r"p/val/c.png: no such picture"):
        _index(tmp_path, {"x": ["val/b.png"]}).place(ItemKey("p", "val", "c.png"))


def test_a_damaged_index_says_what_to_do(tmp_path: Path):
    (tmp_path / "index.parquet").write_bytes(b"PAR1 no")

    with pytest.raises(DataError, match=r"index.parquet: cannot be read.*by its query"):
        Index(Files.at(tmp_path)).datasets()


def test_an_empty_project_has_no_data_set(tmp_path: Path):
    assert _index(tmp_path, {}).datasets() == []


def test_more_than_one_batch_comes_back(tmp_path: Path):
    """The index is written in parts."""
    blocks = {f"b{block}": [f"d/{block}_{row}.png" for row in range(7_000)] for block in range(3)}

    index = _index(tmp_path, blocks)

    assert len(index.names("d")) == 21_000
    assert index.place(ItemKey("p", "d", "2_6999.png")) == Place("b2", 6999)
