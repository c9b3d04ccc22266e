"""Label maps as PNG files."""

from pathlib import Path

import numpy as np

from kittiseg.inference.writers.masks import Masks
from kittiseg.project.pixels import decode_labels
from tests.data.scored import drawn, scored_of
from tests.data.targets import target_in


def test_pixels_are_indices_of_classes(tmp_path: Path):
    """One byte each, in whatever bands they came; 255 where nothing is known."""
    labels_hw = drawn("0012", "0.12", "1111")

    Masks().write(scored_of(labels_hw, rows=(1,)), target_in(tmp_path))

    read_hw = decode_labels((tmp_path / "training/masks/a.png").read_bytes(), name="a.png")
    assert read_hw.dtype == np.uint8
    np.testing.assert_array_equal(read_hw, labels_hw)


def test_a_mask_that_is_written_again_replaces_itself(tmp_path: Path):
    """Nothing is left beside it."""
    for _ in range(2):
        Masks().write(scored_of(drawn("01")), target_in(tmp_path))

    assert [file.name for file in (tmp_path / "training/masks").iterdir()] == ["a.png"]
