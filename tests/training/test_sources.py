import pickle
from pathlib import Path

import numpy as np
import pytest

from kittiseg.project.store import Workspace
from kittiseg.training.classes import ClassIndex
from kittiseg.training.reading import SampleReader
from kittiseg.training.samples import Samples
from kittiseg.training.sources import ProjectSource, Source
from tests.data.programs import query
from tests.data.projects import annotation_of, item_with_square, meta_of, polygon, write_project
from tests.data.query_sources import cropped, mirrored, source_in, write_query, written
from tests.data.training import pixels_of, tiny_config, write_squares


def read(source: Source, *, epoch: int = 0, threads: int = 0) -> Samples:
    config = tiny_config(data_workers={"train": threads})
    reader = SampleReader(source, config, ClassIndex.of(source.meta, config.special_classes))
    return reader.read(("train",), epoch=epoch)["train"]


def same(one: Samples, other: Samples) -> bool:
    return one.index.names == other.index.names and np.array_equal(pixels_of(one), pixels_of(other))


@pytest.mark.parametrize("document", [mirrored(), cropped()])
def test_epoch_0_is_the_project_that_the_query_writes(
    workspace: Workspace, tmp_path: Path, document: list[dict[str, object]]
) -> None:
    """Names, order and every byte."""
    write_squares(workspace)
    file = write_query(tmp_path, document)

    assert same(read(source_in(workspace, file)), read(ProjectSource(written(workspace, file))))


def test_vector_figures_are_drawn_as_from_their_files(workspace: Workspace, tmp_path: Path) -> None:
    """Corners between pixels, cut by random windows."""
    corners = polygon((1.3, 1.2), (6.7, 0.4), (7.6, 5.5), (0.2, 4.9), holes=([(3.1, 2.2), (4.4, 2.6), (3.7, 3.9)],))
    annotation = annotation_of({"car": corners}, tags=("train",))
    write_project(workspace, "squares", {f"ds/{n}.png": annotation for n in range(4)}, meta=meta_of({"car": "polygon"}))
    file = write_query(tmp_path, cropped(copies=5))

    assert same(read(source_in(workspace, file)), read(ProjectSource(written(workspace, file))))


def test_draws_are_new_in_each_epoch(workspace: Workspace, tmp_path: Path) -> None:
    """The names are the same, the windows are not; an epoch made again, by any threads, is as it was."""
    write_squares(workspace)
    source = source_in(workspace, write_query(tmp_path, cropped()))

    first, second = read(source), read(source, epoch=1)

    assert first.index.names == second.index.names
    assert not np.array_equal(pixels_of(first), pixels_of(second))
    assert same(second, read(pickle.loads(pickle.dumps(source)), epoch=1, threads=3))


def test_the_seed_decides(workspace: Workspace, tmp_path: Path) -> None:
    write_squares(workspace)
    file = write_query(tmp_path, cropped())

    assert not same(read(source_in(workspace, file)), read(source_in(workspace, file, seed=1)))


def test_a_split_stays_as_it_is_in_every_epoch(workspace: Workspace, tmp_path: Path) -> None:
    """What is for validation is never trained on."""
    write_squares(workspace, train=0, val=8)
    split = ("split", "$c", "$s", {"shares": {"train": 0.5, "val": 0.5}})
    source_query = [*cropped()[:-1], *query(split, save="$s")]
    source = source_in(workspace, write_query(tmp_path, source_query))

    stems = [{name.split("/")[-1][:3] for name in read(source, epoch=epoch).index.names} for epoch in range(4)]

    assert len(stems[0]) == 4
    assert stems.count(stems[0]) == 4


def test_the_digest_tells_of_other_pictures(workspace: Workspace, tmp_path: Path) -> None:
    write_squares(workspace)
    file = write_query(tmp_path, cropped())
    before = source_in(workspace, file).digest
    assert source_in(workspace, file).digest == before

    write_project(
        workspace,
        "squares",
        {"ds/other.png": item_with_square().annotation},
        meta=meta_of({"car": "bitmap"}),
        overwrite=True,
    )

    assert source_in(workspace, file).digest != before


def test_a_source_that_cannot_be_decoded_is_one_problem(workspace: Workspace, tmp_path: Path) -> None:
    """However many pictures would have been made of it."""
    project = write_squares(workspace)
    project.files.write("ds/img/001.png", b"no picture")
    source = source_in(workspace, write_query(tmp_path, cropped(copies=4)))
    config = tiny_config(allow_corrupted_samples={"train": 1})

    samples = SampleReader(source, config, ClassIndex.of(source.meta, config.special_classes)).read()["train"]

    assert len(samples) == 5 * 4
    assert [text.split(":")[0] for text in samples.index.left_out] == ["squares/ds/001.png"]
