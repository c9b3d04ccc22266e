"""Rows of Parquet files."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from kittiseg.errors import DataError
from kittiseg.project import shards
from kittiseg.project.pixels import decode_labels, decode_rgb
from kittiseg.project.shards import ShardWriter
from kittiseg.project.storage import FILES, Layout, Origin, digest_of
from kittiseg.project.store import Workspace
from tests.data.projects import annotation_of, every_shape, item_of, meta_of, square
from tests.data.storages import write_kept

META = meta_of({"road": "bitmap", "car": "bitmap", "bus": "bitmap"})
PARQUET = Layout("parquet")
FIGURES = [("road", square(top=2, left=0, side=4)), ("car", square(top=1, left=1, side=2))]


def _made(count: int = 3) -> dict[str, tuple[Any, Origin]]:
    """``0.png`` ... with noise, each its own source."""
    items = [item_of(annotation_of(FIGURES, tags=("day",)), name=f"{n}.png", seed=n) for n in range(count)]
    return {f"{number}.png": (item, Origin(item, ())) for number, item in enumerate(items)}


def _rows(workspace: Workspace) -> list[dict[str, Any]]:
    (path,) = Path(workspace.files.root).glob("projects/p/shards/*")
    return pq.read_table(path).to_pylist()


def test_a_project_comes_back_as_it_was_written(workspace: Workspace):
    """Pixels, figures, tags, names, as from files; the digests are those of files."""
    folder = write_kept(workspace, "f", FILES, META, _made())
    project = write_kept(workspace, "p", PARQUET, META, _made())

    assert [key.name for key in project.keys()] == ["0.png", "1.png", "2.png"]
    for ours, theirs in zip(project.keys(), folder.keys(), strict=True):
        assert project.annotation(ours) == folder.annotation(theirs)
        assert project.picture_bytes(ours) == folder.picture_bytes(theirs)
        assert np.array_equal(project.item(ours).image.pixels(), folder.item(theirs).image.pixels())
        assert project.picture_size(ours) == pytest.approx(folder.picture_size(theirs), rel=0.2)
    assert [output.digest for row in project.journal.rows() for output in row.outputs] == [
        output.digest for row in folder.journal.rows() for output in row.outputs
    ]


def test_every_shape_comes_back(workspace: Workspace):
    item = every_shape()
    kinds = {figure.class_name: figure.shape.kind for figure in item.annotation.figures}

    project = write_kept(workspace, "p", PARQUET, meta_of(kinds), {"a.png": (item, Origin(item, ()))})

    assert project.annotation(project.keys()[0]) == item.annotation


def test_a_row_says_all_that_others_need(workspace: Workspace):
    """The label map counts classes as meta.json has them; later figures cover earlier ones."""
    write_kept(workspace, "p", PARQUET, META, _made(1))

    (row,) = _rows(workspace)
    labels_hw = decode_labels(row["label_map"], name="labels")
    image_hwc = decode_rgb(row["image"], name="image")

    assert labels_hw.dtype == np.uint8
    assert (labels_hw == _made(1)["0.png"][0].annotation.to_label_map({"road": 1, "car": 2})).all()
    assert image_hwc.shape == (row["height"], row["width"], 3)
    assert (row["dataset"], row["name"], row["tags"]) == ("training", "0.png", ["day"])
    assert (row["source_project"], row["source_dataset"], row["source_name"]) == ("source", "training", "0.png")
    assert len(json.loads(row["annotation"])["objects"]) == 2
    assert json.loads(row["lineage"]) == []


def test_one_picture_is_read_without_the_rest(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    """A row group ends with the picture that fills it; the digest does not follow the groups."""
    plain = write_kept(workspace, "whole", PARQUET, META, _made(5))
    monkeypatch.setattr(shards, "GROUP_BYTES", 1)

    project = write_kept(workspace, "p", PARQUET, META, _made(5))

    (path,) = Path(workspace.files.root).glob("projects/p/shards/*")
    assert pq.read_metadata(path).num_row_groups == 5
    assert [project.picture_bytes(key) for key in project.keys()] == [plain.picture_bytes(k) for k in plain.keys()]


@pytest.mark.parametrize("group_bytes", [1, 1 << 20], ids=["written already", "not written yet"])
def test_what_was_added_can_be_taken_back(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, group_bytes: int):
    """Wherever its row is by then."""
    monkeypatch.setattr(shards, "GROUP_BYTES", group_bytes)

    with ShardWriter(workspace.files, "block", META) as writer:
        for name, (item, origin) in _made(4).items():
            writer.add(item, name, origin=origin)
        writer.remove("training", "1.png")
        writer.remove("training", "3.png")

    (path,) = Path(workspace.files.path("shards")).iterdir()
    assert path.name == "block.parquet"
    assert pq.read_table(path).column("name").to_pylist() == ["0.png", "2.png"]


def test_a_block_of_nothing_is_no_file(workspace: Workspace):
    """Neither without rows nor where all were taken back."""
    with ShardWriter(workspace.files, "block", META) as writer:
        for name, (item, origin) in _made(1).items():
            writer.add(item, name, origin=origin)
        writer.remove("training", "0.png")

    assert workspace.files.files("shards") == []
    assert workspace.files.hidden("shards") == []


def test_a_block_that_fails_leaves_nothing(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    """It appears whole or not at all."""
    monkeypatch.setattr(shards, "GROUP_BYTES", 1)

    def write_half() -> None:
        with ShardWriter(workspace.files, "block", META) as writer:
            for name, (item, origin) in _made(2).items():
                writer.add(item, name, origin=origin)
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write_half()

    assert workspace.files.files("shards") == []
    assert workspace.files.hidden("shards") == []


def test_the_same_block_has_the_same_bytes(workspace: Workspace):
    digests = set()
    for name in ("a", "b"):
        write_kept(workspace, name, PARQUET, META, _made())
        (path,) = Path(workspace.files.root).glob(f"projects/{name}/shards/*")
        digests.add(digest_of(path.read_bytes()))

    assert len(digests) == 1


def test_a_damaged_shard_says_what_to_do(workspace: Workspace):
    project = write_kept(workspace, "p", PARQUET, META, _made())
    (path,) = Path(workspace.files.root).glob("projects/p/shards/*")
    path.write_bytes(path.read_bytes()[:100])

    with pytest.raises(DataError, match=r"shards/block.parquet: cannot be read.*by its query"):
        project.annotation(project.keys()[0])
