"""What was found on parts of a picture, through files."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kittiseg.errors import DataError
from kittiseg.inference.grid import Grid, place
from kittiseg.inference.part_files import Joined, PartFiles
from kittiseg.inference.parts import Part
from kittiseg.inference.predictor import Predictor
from kittiseg.inference.regions import Region
from kittiseg.inference.scored import Scored
from kittiseg.inference.skip import SHOW_ALL, Sieve
from kittiseg.inference.stitching import parts_of
from kittiseg.project.files import Files
from kittiseg.project.geometry import Size, Window
from kittiseg.project.pixels import LazyImage
from tests.data.forwards import by_place
from tests.data.projects import picture
from tests.data.windows import grids, sieves, with_plain_parts

PREDICTOR = Predictor(by_place, classes=3, batch_size=5, probabilities=True)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("kittiseg.inference.stitching.WINDOWS_PER_PART", 2)


def written(region: Region, image_hwc: np.ndarray, files: Files, sieve: Sieve = SHOW_ALL) -> Joined:
    """Every part by itself, the last one first."""
    stored, parts = PartFiles(files), parts_of(region.grid)
    image = LazyImage.from_array(image_hwc)
    for index in reversed(range(len(parts))):
        assert not stored.has(index)
        (scored,) = PREDICTOR.predict([Part(index, image, region, parts[index], sieve)])
        stored.write(index, scored)
        assert stored.has(index)
    return Joined(region, stored, range(len(parts)), 3, probabilities=True)


def gathered(scored: Scored) -> tuple[np.ndarray, np.ndarray]:
    """Labels and probabilities; the bands follow one another from the top."""
    labels, probs, at = [], [], 0
    for band in scored.bands():
        assert band.top == at
        at += len(band.labels_hw)
        labels.append(band.labels_hw)
        probs.append(band.probs_chw)
    assert at == scored.size.height
    return np.concatenate(labels), np.concatenate(probs, axis=1)


@settings(max_examples=40)
@given(grids(), sieves() | st.just(SHOW_ALL), st.integers(0, 9))
def test_parts_put_together_are_the_whole_bit_for_bit(tmp_path_factory, grid: Grid, sieve: Sieve, seed: int):
    """Labels and probabilities, each time that they are read, whatever windows are skipped."""
    image_hwc = with_plain_parts(picture(grid.canvas, seed=seed))
    region = Region(Window.whole(grid.canvas), grid)
    joined = written(region, image_hwc, Files.at(tmp_path_factory.mktemp("parts")), sieve)
    (whole,) = PREDICTOR.predict([Part("whole", LazyImage.from_array(image_hwc), region, sieve=sieve)])

    for labels_hw, probs_chw in (gathered(joined), gathered(joined)):
        np.testing.assert_array_equal(labels_hw, np.concatenate([band.labels_hw for band in whole.bands]))
        np.testing.assert_array_equal(probs_chw, np.concatenate([band.probs_chw for band in whole.bands], axis=1))


def test_a_damaged_part_is_named(tmp_path: Path):
    """With what to do about it."""
    size = Size(height=40, width=8)
    region = Region(Window.whole(size), Grid(place(40, 4, 2), place(8, 4, 0)))
    files = Files.at(tmp_path)
    joined = written(region, picture(size), files)
    files.write("1.head0.npy", b"damaged")

    with pytest.raises(DataError, match=r"1\.head0\.npy: damaged: .*; remove the folder, and run it again"):
        gathered(joined)


def test_parts_can_be_removed(tmp_path: Path):
    """When the picture is written they are of no more use."""
    files = Files.at(tmp_path / "parts")
    size = Size(height=8, width=8)
    region = Region(Window.whole(size), Grid(place(8, 4, 0), place(8, 4, 0)))
    written(region, picture(size), files).stored.remove()

    assert not (tmp_path / "parts").exists()
