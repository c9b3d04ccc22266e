"""Tiled TIFF files."""

import io

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from kittiseg.inference.scored import Band
from kittiseg.inference.writers import tiles
from kittiseg.inference.writers.tiles import write_tiles
from tests.data.scored import scored_of


@pytest.fixture(autouse=True)
def _small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "TILE", 16)


@settings(max_examples=40)
@given(st.integers(1, 40), st.integers(1, 40), st.lists(st.integers(1, 9), max_size=3), st.sampled_from([1, 3]))
def test_tiles_are_put_together_again(height: int, width: int, rows: list[int], samples: int):
    """Whatever bands they came in; the last ones of a row or column are filled up."""
    labels_hw = np.random.default_rng(0).integers(0, 256, (height, width), np.uint8)
    stream = io.BytesIO()

    def pixels(band: Band) -> np.ndarray:
        return band.labels_hw if samples == 1 else np.repeat(band.labels_hw[..., None], samples, axis=2)

    scored = scored_of(labels_hw, rows=[each for each, end in zip(rows, np.cumsum(rows), strict=True) if end < height])
    write_tiles(stream, scored, pixels, samples=samples, dtype=np.uint8, photometric="minisblack")

    page = tifffile.TiffFile(io.BytesIO(stream.getvalue())).pages.first
    assert page.is_tiled
    np.testing.assert_array_equal(page.asarray(), pixels(Band(0, labels_hw)))


@pytest.mark.parametrize(("limit", "is_big"), [(100, False), (99, True)])
def test_what_is_too_large_for_a_tiff_is_a_bigtiff(monkeypatch: pytest.MonkeyPatch, limit: int, is_big: bool):
    """By the bytes of its pixels."""
    monkeypatch.setattr(tiles, "_CLASSIC", limit)
    scored, stream = scored_of(np.zeros((5, 5), np.uint8)), io.BytesIO()

    write_tiles(
        stream, scored, lambda band: band.labels_hw.astype(np.float32), dtype=np.float32, photometric="minisblack"
    )

    assert tifffile.TiffFile(io.BytesIO(stream.getvalue())).is_bigtiff == is_big
