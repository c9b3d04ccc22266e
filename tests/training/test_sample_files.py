from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.fs as pafs
import pytest

from kittiseg.engine import Engine
from kittiseg.errors import DataError
from kittiseg.project.store import Files, Workspace
from kittiseg.training.classes import ClassIndex
from kittiseg.training.reading import SampleReader
from kittiseg.training.sample_files import Map, forget_local, open_samples, write_samples
from kittiseg.training.samples import BOTH
from kittiseg.training.sources import ProjectSource
from tests.data.training import pixels_of, tiny_config, write_squares


@pytest.fixture
def reader(workspace: Workspace) -> SampleReader:
    """Of 40 + 3 pictures, which are two chunks."""
    source = ProjectSource(write_squares(workspace, train=40, val=3))
    return SampleReader(source, tiny_config(), ClassIndex.of(source.meta, tiny_config().special_classes))


def write(reader: SampleReader, files: Files, mapped: Map = map) -> None:
    write_samples(reader.source, reader.config, reader.classes, files, mapped=mapped)


def test_written_samples_are_those_that_are_read_at_once(workspace: Workspace, reader: SampleReader) -> None:
    """Of two chunks, the second of which has none for val in its first half; names, counts and pixels."""
    files, at_once = workspace.files.within("samples"), reader.read()

    write(reader, files)

    for split in BOTH:
        samples = open_samples(files, split)
        assert samples.index.names == at_once[split].index.names
        assert np.array_equal(samples.index.counts_nc, at_once[split].index.counts_nc)
        assert np.array_equal(pixels_of(samples), pixels_of(at_once[split]))
    assert files.files() == ["train-00000.npy", "train-00001.npy", "train.npz", "val-00001.npy", "val.npz"]


def test_ray_writes_the_same_samples(workspace: Workspace, reader: SampleReader, ray_engine: Engine) -> None:
    here, there = workspace.files.within("here"), workspace.files.within("there")

    write(reader, here)
    write(reader, there, lambda function, tasks: ray_engine.map(function, tasks, name="prepare"))

    for name in ("train-00000.npy", "train-00001.npy", "val-00001.npy"):
        assert here.read(name) == there.read(name)


def test_nothing_is_read_before_it_is_wanted(workspace: Workspace, reader: SampleReader) -> None:
    """Shards are mapped, for reading alone."""
    files = workspace.files.within("samples")
    write(reader, files)

    shards = open_samples(files, "train").shards

    assert all(isinstance(shard, np.memmap) for shard in shards.values())
    assert not any(shard.flags.writeable for shard in shards.values())


def test_a_damaged_picture_in_any_chunk_is_named(workspace: Workspace, reader: SampleReader) -> None:
    workspace.project("squares").files.write("ds/img/038.png", b"no picture")

    with pytest.raises(DataError, match=r"1 pictures .* cannot be read and 0 are allowed(.|\n)*038\.png"):
        write(reader, workspace.files.within("samples"))


def test_samples_of_a_distant_workspace_are_fetched_once(
    workspace: Workspace, reader: SampleReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what was fetched is removed at the end; a file that was cut off is fetched again."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "machine"))
    (tmp_path / "machine").mkdir()
    write(reader, workspace.files.within("samples"))
    distant = Files(pafs.SubTreeFileSystem(workspace.files.root, pafs.LocalFileSystem()), "samples")

    kept = pixels_of(open_samples(distant, "train"))
    fetched = sorted((tmp_path / "machine").rglob("train-*.npy"))
    written = fetched[0].stat().st_ctime_ns
    fetched[1].write_bytes(b"cut")
    again = open_samples(distant, "train")
    kept_file = fetched[0].stat().st_ctime_ns == written
    forget_local(replace(distant))

    assert len(fetched) == 2
    assert kept_file
    assert np.array_equal(pixels_of(again), kept)
    assert not list((tmp_path / "machine").rglob("*.npy"))


def test_samples_that_a_killed_training_fetched_are_not_taken_for_those_of_another(
    workspace: Workspace, reader: SampleReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though its files are as long and have the same names."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "machine"))
    (tmp_path / "machine").mkdir()
    distant = Files(pafs.SubTreeFileSystem(workspace.files.root, pafs.LocalFileSystem()), "samples")
    write(reader, workspace.files.within("samples"))
    before = open_samples(distant, "train")
    other = replace(reader, source=ProjectSource(write_squares(workspace, "other", train=40, val=3, empty=20)))

    write(other, workspace.files.within("samples"))

    found = pixels_of(open_samples(distant, "train"))
    assert np.array_equal(found, pixels_of(other.read()["train"]))
    assert not np.array_equal(found, pixels_of(before))
