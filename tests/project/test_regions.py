"""Pictures of which a part can be read without the rest."""

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiseg.errors import DataError
from kittiseg.project.geometry import Size, Window
from kittiseg.project.pixels import LazyImage, decode_rgb
from kittiseg.project.regions import TiffRegions, region_reader
from kittiseg.project.store import Workspace
from tests.data.large_pictures import pattern, tiff
from tests.data.projects import annotation_of, meta_of, write_project

SIZE = Size(height=123, width=200)
IMAGE = pattern(SIZE)
GREY = IMAGE[:, :, 0]

RGB: dict[str, Any] = {"photometric": "rgb"}
TILES: dict[str, Any] = {"tile": (64, 32)}
STRIPS: dict[str, Any] = {"rowsperstrip": 10}


def _by_opencv(compression: int) -> bytes:
    """In strips; the numbers are those of the TIFF tag."""
    how = [cv2.IMWRITE_TIFF_COMPRESSION, compression, cv2.IMWRITE_TIFF_ROWSPERSTRIP, 16]
    return cv2.imencode(".tif", IMAGE, how)[1].tobytes()


FILES = {
    "strips": tiff(IMAGE, **RGB, **STRIPS),
    "tiles": tiff(IMAGE, **RGB, **TILES),
    "big endian": tiff(IMAGE, byteorder=">", **RGB, **STRIPS),
    "bigtiff": tiff(IMAGE, bigtiff=True, **RGB, **TILES),
    "zlib": tiff(IMAGE, compression="zlib", **RGB, **TILES),
    "zlib, predictor": tiff(IMAGE, compression="zlib", predictor=True, **RGB, **STRIPS),
    "grey": tiff(GREY, **TILES),
    "grey, white is 0": tiff(GREY, photometric="miniswhite", **STRIPS),
    "grey 16 bit": tiff(GREY.astype(np.uint16) * 257, **STRIPS),
    "rgb 16 bit": tiff(IMAGE.astype(np.uint16) * 250, byteorder=">", **RGB, **TILES),
    "rgba": tiff(np.dstack([IMAGE, GREY]), extrasamples=["unassalpha"], **RGB, **TILES),
    "palette": tiff(GREY, photometric="palette", colormap=np.arange(768, dtype=np.uint16).reshape(3, 256), **TILES),
    "lzw": _by_opencv(5),
    "jpeg": _by_opencv(7),
}

windows = st.builds(
    lambda top, left, bottom, right: Window(top=top, left=left, height=bottom - top, width=right - left),
    st.integers(0, 60),
    st.integers(0, 100),
    st.integers(61, SIZE.height),
    st.integers(101, SIZE.width),
)


def _regions(data: bytes, size: Size = SIZE) -> TiffRegions:
    return TiffRegions(lambda: io.BytesIO(data), size, "far.tif")


@pytest.mark.parametrize("kind", FILES)
@given(window=windows)
def test_a_part_is_that_part_of_the_whole(kind: str, window: Window) -> None:
    """Pixel for pixel as OpenCV decodes the file, whatever is stored how."""
    whole_hwc = decode_rgb(FILES[kind], name=kind)

    part_hwc = _regions(FILES[kind]).read(window)

    assert part_hwc is not None
    np.testing.assert_array_equal(part_hwc, whole_hwc[window.slices])


def test_windows_row_by_row_decode_every_part_once() -> None:
    """What a window needs and the last one had is not read again; what it does not need is let go."""
    read: list[int] = []

    class Counted(io.BytesIO):
        def read(self, count: int | None = -1) -> bytes:
            read.append(count or -1)
            return super().read(count)

    regions = TiffRegions(lambda: Counted(FILES["tiles"]), SIZE, "far.tif")
    regions.read(Window(top=0, left=0, height=1, width=1))
    read.clear()

    for left in range(0, 200, 20):
        regions.read(Window(top=0, left=left, height=64, width=20))

    assert len(read) == 6  # 7 columns of tiles, the first of them there already
    regions.read(Window(top=64, left=0, height=1, width=1))
    assert len(regions._band) == 1


@pytest.mark.parametrize(
    "data",
    [
        tiff(IMAGE, rowsperstrip=SIZE.height, **RGB),
        tiff(np.moveaxis(IMAGE, 2, 0), planarconfig="separate", **RGB, **STRIPS),
        tiff(IMAGE, extratags=[(274, 3, 1, 3, False)], **RGB, **STRIPS),
        b"II*\x00 no TIFF",
        b"",
    ],
    ids=["one strip", "planes apart", "turned", "damaged", "empty"],
)
def test_other_files_must_be_decoded_whole(data: bytes) -> None:
    """Where a part is the whole, or cannot be had alone; and where the error must say what is wrong."""
    assert _regions(data).read(Window(top=0, left=0, height=1, width=1)) is None


def test_a_part_that_was_never_written_is_black() -> None:
    """As tools for maps leave tiles out where there is nothing."""
    data = tiff(np.zeros_like(IMAGE), **RGB, **TILES)
    regions = _regions(data)
    assert regions._page is not None
    regions._page.databytecounts = (0, *regions._page.databytecounts[1:])

    part_hwc = regions.read(Window(top=3, left=4, height=9, width=9))

    assert part_hwc is not None
    assert not part_hwc.any()


def test_a_file_that_ends_too_early_is_named() -> None:
    """Parts before the end can still be read."""
    regions = _regions(tiff(IMAGE, **RGB, **STRIPS)[:20_000])

    assert regions.read(Window(top=0, left=0, height=9, width=9)) is not None
    with pytest.raises(DataError, match=r"far.tif: damaged: the file ends too early; replace the file"):
        regions.read(Window(top=100, left=0, height=9, width=9))


def test_a_size_that_the_annotation_does_not_state_is_an_error() -> None:
    with pytest.raises(DataError, match=r"far.tif: the picture is 200 x 123 px but its annotation says 200 x 124"):
        _regions(FILES["tiles"], Size(height=124, width=200)).read(Window(top=0, left=0, height=1, width=1))


def test_a_lazy_image_reads_only_what_is_seen(tmp_path: Path) -> None:
    """Crops and mirror images of a file in parts do not read the file as a whole."""
    path = tmp_path / "far.tif"
    path.write_bytes(FILES["tiles"])

    def whole() -> bytes:
        raise AssertionError("the whole file was read")

    regions = region_reader(lambda: path.open("rb"), SIZE, name="far.tif")
    image = LazyImage.from_file(SIZE, whole, name="far.tif", read_region=regions)

    part = image.mirror("vertical").crop(Window(top=5, left=10, height=50, width=60))

    np.testing.assert_array_equal(part.pixels(), IMAGE[5:55, ::-1][:, 10:70])


def test_only_tiff_files_are_read_in_parts() -> None:
    assert region_reader(lambda: io.BytesIO(), SIZE, name="a/b.png") is None
    assert region_reader(lambda: io.BytesIO(), SIZE, name="a/b.TIFF") is not None


def test_a_project_reads_its_tiff_files_in_parts(workspace: Workspace) -> None:
    """Of a file whose end is missing, the beginning can be had, and the whole cannot."""
    project = write_project(workspace, "far", {"a/far.tif": annotation_of({}, size=SIZE)}, meta=meta_of({}))
    project.files.write("a/img/far.tif", tiff(IMAGE, **RGB, **STRIPS)[:20_000])
    image = project.item(project.keys()[0]).image

    np.testing.assert_array_equal(image.crop(Window(top=0, left=3, height=7, width=9)).pixels(), IMAGE[:7, 3:12])
    with pytest.raises(DataError, match=r"far/a/far.tif: damaged"):
        image.pixels()
