"""Label maps in colours."""

from pathlib import Path

import numpy as np

from kittiseg.inference.writers.color_masks import ColorMasks
from kittiseg.project.pixels import decode_rgb
from tests.data.scored import drawn, scored_of
from tests.data.targets import CLASSES, target_in


def test_pixels_have_the_colours_of_their_classes(tmp_path: Path):
    """Black where nothing is known."""
    ColorMasks().write(scored_of(drawn("01", "2."), rows=(1,)), target_in(tmp_path))

    image_hwc = decode_rgb((tmp_path / "training/color_masks/a.png").read_bytes(), name="a.png")
    colors = [entry.rgb for entry in CLASSES]
    np.testing.assert_array_equal(image_hwc, [[colors[0], colors[1]], [colors[2], (0, 0, 0)]])
