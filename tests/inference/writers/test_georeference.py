"""Where pixels lie on the map. The numbers are those that GDAL 3.10.3 (rasterio 1.4.4) gives for these files."""

import io

import numpy as np
import pytest

from kittiseg.inference.writers.georeference import Georeference, read_georeference
from tests.data.geotiffs import SCALE, TIEPOINT, TRANSFORMATION, UTM_33N, WGS84, geotiff, keys


def read(data: bytes, name: str = "a.tif") -> Georeference:
    return read_georeference(lambda: io.BytesIO(data), name=name)


@pytest.mark.parametrize(
    ("tags", "affine"),
    [
        ((SCALE, TIEPOINT, keys(UTM_33N)), [[0.5, 0, 499999], [0, -0.25, 4649776.25]]),
        ((SCALE, TIEPOINT, keys(UTM_33N, is_point=True)), [[0.5, 0, 499998.75], [0, -0.25, 4649776.375]]),
        ((TRANSFORMATION, keys(WGS84)), [[0.5, 0.1, 10], [0.2, -0.25, 20]]),
    ],
    ids=["scale and tiepoint", "pixel is point", "transformation"],
)
def test_the_rule_from_pixels_to_the_map(tags: tuple[tuple[object, ...], ...], affine: list[list[float]]):
    """As GDAL has it."""
    np.testing.assert_array_equal(read(geotiff(*tags)).affine, affine)


def test_the_code_of_the_coordinates():
    """The projected system's before the geodetic one's; none where it is one of the user's own."""
    codes = [read(geotiff(SCALE, TIEPOINT, keys(code))).epsg for code in (UTM_33N, WGS84, 32767)]

    assert codes == [UTM_33N, WGS84, None]


def test_tags_are_taken_as_they_are():
    """Written into another file, they say the same; of GDAL's metadata what is said of the whole."""
    doubles, names = (34736, 12, 2, (6378137.0, 298.25)), (34737, 2, 0, "UTM 33N|")
    metadata = (
        '<GDALMetadata><Item name="SENSOR">MSI</Item><Item name="STATISTICS_MEAN" sample="0">7</Item></GDALMetadata>'
    )
    first = read(geotiff(SCALE, TIEPOINT, keys(UTM_33N), doubles, names, (42112, 2, 0, metadata)))

    again = read(geotiff(*(tag[:4] for tag in first.tags)))

    assert [tag[0] for tag in first.tags] == [33550, 33922, 34735, 34736, 34737, 42112]
    assert again.tags == first.tags
    assert first.tags[-1][3] == b'<GDALMetadata><Item name="SENSOR">MSI</Item></GDALMetadata>'


def test_pictures_without_a_place():
    """Other files, TIFF files without tags, damaged ones, and ground control points, by which there is no such rule."""
    points = (33922, 12, 12, tuple(float(n) for n in range(12)))

    for made in (read(b"", "a.png"), read(geotiff()), read(b"II*\0")):
        assert made == Georeference()
    assert read(geotiff(points)).affine is None
