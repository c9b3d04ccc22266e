"""What all writers have in common."""

import dataclasses
from pathlib import Path
from typing import get_args

import fsspec
import numpy as np
import pyarrow.fs as pafs
import pytest

from kittiseg.errors import DataError
from kittiseg.inference.scored import Scored
from kittiseg.inference.writers import WRITERS, AnyWriter, check_stems, class_table
from kittiseg.project.files import Files
from kittiseg.project.item import ItemKey
from tests.data.geotiffs import SCALE, TIEPOINT, UTM_33N, geotiff, keys
from tests.data.scored import drawn, scored_of
from tests.data.targets import CLASSES, target_in

LABELS_HW = drawn("0012..", "001222", "111111", "......")


def scored(*rows: int) -> Scored:
    probs_chw = np.random.default_rng(0).random((3, *LABELS_HW.shape)).astype(np.float32)
    return scored_of(LABELS_HW, rows=rows, probs_chw=probs_chw)


def test_the_table_has_all_writers_by_their_names():
    """The word that a config says is the table's."""
    assert {name: writer().as_ for name, writer in WRITERS.items()} == {name: name for name in WRITERS}
    assert set(get_args(AnyWriter)) == set(WRITERS.values())


@pytest.mark.parametrize("name", WRITERS)
def test_files_do_not_depend_on_bands_or_stores(tmp_path: Path, name: str):
    """One file, in a folder of the writer's name; the same bytes in a store where nothing can be written twice."""
    memory = fsspec.get_filesystem_class("memory")(skip_instance_cache=True)
    store = Files(pafs.PyFileSystem(pafs.FSSpecHandler(memory)), str(tmp_path))
    target = target_in(tmp_path, name="a.b.tif", source=geotiff(SCALE, TIEPOINT, keys(UTM_33N)))

    WRITERS[name]().write(scored(), target)
    WRITERS[name]().write(scored(1, 2), dataclasses.replace(target, files=store))

    (file,) = target.files.files(f"training/{name}")
    assert file.startswith("a.b.")
    assert store.files(f"training/{name}") == [file]
    assert store.read(f"training/{name}/{file}") == target.files.read(f"training/{name}/{file}")


def test_pictures_of_one_stem_are_refused():
    """In one data set; their files would replace one another."""
    check_stems([ItemKey("p", "one", "a.png"), ItemKey("p", "two", "a.jpg"), ItemKey("p", "one", "b.jpg")])

    with pytest.raises(DataError, match=r"p/one/a.png and p/one/a.jpg differ in their suffixes only"):
        check_stems([ItemKey("p", "one", "a.png"), ItemKey("p", "one", "a.jpg")])


def test_the_table_of_classes():
    """Every index with its class."""
    text = class_table(CLASSES[:1]).decode()

    assert text.replace("\n", "").replace(" ", "") == (
        '{"classes":[{"index":0,"title":"bg","color":"#222222"}],"nothing":255}'
    )
