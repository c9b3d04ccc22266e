"""Label maps on the map."""

from pathlib import Path

import numpy as np
import tifffile

from kittiseg.inference.writers.georeference import read_georeference
from kittiseg.inference.writers.geotiff import GeoTiff
from tests.data.geotiffs import SCALE, TIEPOINT, UTM_33N, geotiff, keys
from tests.data.scored import drawn, scored_of
from tests.data.targets import CLASSES, target_in

LABELS_HW = drawn("0012..", "001222", "111111", "......")


def test_labels_lie_where_the_picture_lies(tmp_path: Path):
    """The source's tags, the classes' indices and colours, and 255 as no data."""
    target = target_in(tmp_path, name="a.tif", source=geotiff(SCALE, TIEPOINT, keys(UTM_33N)))

    GeoTiff().write(scored_of(LABELS_HW, rows=(3,)), target)

    path = tmp_path / "training/geotiff/a.tif"
    assert (
        read_georeference(lambda: path.open("rb"), name="a.tif").tags
        == read_georeference(target.open_source, name="a.tif").tags
    )
    with tifffile.TiffFile(path) as file:
        page = file.pages.first
        np.testing.assert_array_equal(page.asarray(), LABELS_HW)
        assert page.nodata == 255
        assert (page.colormap[:, :3].T // 257).tolist() == [list(entry.rgb) for entry in CLASSES]


def test_a_picture_without_a_place_is_a_label_map(tmp_path: Path):
    """Of a PNG file, say."""
    GeoTiff().write(scored_of(LABELS_HW), target_in(tmp_path))

    with tifffile.TiffFile(tmp_path / "training/geotiff/a.tif") as file:
        np.testing.assert_array_equal(file.asarray(), LABELS_HW)
        assert file.geotiff_metadata is None
