"""How a project says what it is kept as."""

import json
from pathlib import Path

import pytest

from kittiseg.errors import DataError
from kittiseg.project.files import Files
from kittiseg.project.item import ItemKey
from kittiseg.project.storage import FILES, Layout, block_name


def test_a_whole_folder_says_nothing(tmp_path: Path):
    """As Supervisely's own projects, and all that were written before."""
    files = Files.at(tmp_path)

    FILES.write(files)

    assert list(tmp_path.iterdir()) == []
    assert Layout.read(files) == FILES


@pytest.mark.parametrize("layout", [Layout("parquet"), Layout("recipe"), Layout(images=False)])
def test_every_other_one_comes_back(layout: Layout, tmp_path: Path):
    files = Files.at(tmp_path)

    layout.write(files)

    assert Layout.read(files) == layout


def test_what_is_not_known_is_not_guessed(tmp_path: Path):
    (tmp_path / "storage.json").write_text(json.dumps({"kind": "lmdb"}))

    with pytest.raises(DataError, match=r"storage.json: kept as .*lmdb.*known: folder, parquet, recipe"):
        Layout.read(Files.at(tmp_path))


def test_a_block_is_named_after_all_its_pictures():
    """Two blocks that begin with the same picture are two."""
    keys = [ItemKey("p", "d", name) for name in ("a.png", "b.png")]

    assert block_name(keys) == block_name(list(keys))
    assert len({block_name(keys), block_name(keys[:1]), block_name(keys[::-1])}) == 3
