"""Probabilities as TIFF files."""

from pathlib import Path
from typing import Literal
from xml.etree import ElementTree
from xml.sax.saxutils import unescape

import numpy as np
import pytest
import tifffile

from kittiseg.inference.writers.probabilities import Probabilities
from tests.data.scored import scored_of
from tests.data.targets import target_in


@pytest.mark.parametrize("kind", ["float32", "uint8"])
def test_a_sample_for_each_class(tmp_path: Path, kind: Literal["float32", "uint8"]):
    """As they are, or in steps of 1/255, rounded; with the classes' names as GDAL reads them."""
    probs_chw = np.random.default_rng(0).random((3, 7, 5)).astype(np.float32)
    scored = scored_of(np.zeros((7, 5), np.uint8), rows=(2, 2), probs_chw=probs_chw)

    Probabilities(type=kind).write(scored, target_in(tmp_path))

    with tifffile.TiffFile(tmp_path / "training/probabilities/a.tif") as file:
        page = file.pages.first
        wanted_chw = probs_chw if kind == "float32" else np.round(probs_chw.astype(float) * 255)
        assert page.dtype == kind
        np.testing.assert_array_equal(np.moveaxis(page.asarray(), 2, 0), wanted_chw)
        names = [unescape(item.text or "") for item in ElementTree.fromstring(page.tags["GDAL_METADATA"].value)]
        assert names == ["bg", "vehicle", "größe & <x>"]


def test_labels_alone_are_not_enough(tmp_path: Path):
    """A mistake of the caller's."""
    with pytest.raises(AssertionError, match="labels alone"):
        Probabilities().write(scored_of(np.zeros((2, 2), np.uint8)), target_in(tmp_path))
    assert list((tmp_path / "training/probabilities").iterdir()) == []
