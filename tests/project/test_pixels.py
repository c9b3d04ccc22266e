"""Pictures as arrays."""

import struct
import zlib
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kittiseg.errors import DataError
from kittiseg.project import pixels
from kittiseg.project.geometry import Size, View, Window
from kittiseg.project.pixels import LazyImage, decode_labels, decode_rgb, encode
from tests.data.projects import picture

small_pictures = arrays(np.uint8, st.tuples(st.integers(1, 4), st.integers(1, 4), st.just(3)))


def written(array: np.ndarray, suffix: str = ".png") -> bytes:
    """By OpenCV as it is: blue first."""
    return cv2.imencode(suffix, array)[1].tobytes()


@given(small_pictures)
def test_png_brings_every_pixel_back(image_hwc: np.ndarray):
    """Red stays red, and nothing is lost."""
    again_hwc = decode_rgb(encode(image_hwc, ".png"), name="a.png")

    assert again_hwc.dtype == np.uint8
    np.testing.assert_array_equal(again_hwc, image_hwc)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_labels_come_back_with_their_depth(dtype: type):
    """KITTI's instance pictures have 16 bits."""
    labels_hw = np.array([[0, 1, 255], [np.iinfo(dtype).max, 7, 26]], dtype)

    again_hw = decode_labels(encode(labels_hw, ".png"), name="a.png")

    assert again_hw.dtype == dtype
    np.testing.assert_array_equal(again_hw, labels_hw)


def test_encode_leaves_the_callers_array_alone():
    """Read-only arrays can be written too, and the colours are turned in a copy."""
    image_hwc = picture()
    before_hwc = image_hwc.copy()
    image_hwc.flags.writeable = False

    assert encode(image_hwc, ".png") == encode(image_hwc, ".PNG")
    np.testing.assert_array_equal(image_hwc, before_hwc)


def test_every_kind_of_picture_becomes_rgb():
    """Grey is repeated, of 16 bits the upper 8 are taken, transparency goes, a palette is looked up."""
    grey_hw = np.array([[0, 100, 255]], np.uint8)
    deep_hw = np.array([[0, 100 * 256 + 7, 65535]], np.uint16)
    clear_hwc = np.dstack([grey_hw, grey_hw, grey_hw, np.zeros_like(grey_hw)])

    for array in (grey_hw, deep_hw, clear_hwc):
        np.testing.assert_array_equal(decode_rgb(written(array), name="a.png"), np.dstack([grey_hw] * 3))


def test_jpeg_is_near_the_picture():
    """A smooth picture survives within a few grey levels, its red still red."""
    image_hwc = np.zeros((16, 16, 3), np.uint8)
    image_hwc[..., 0] = 200

    again_hwc = decode_rgb(encode(image_hwc, ".jpg"), name="a.jpg")

    assert np.abs(again_hwc.astype(int) - image_hwc).max() < 8


def test_a_photograph_is_turned_as_its_exif_says():
    """Orientation 6: the camera stood on its side, so rows become columns."""
    jpeg = encode(np.full((8, 24, 3), 90, np.uint8), ".jpg")
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)
    exif = b"Exif\x00\x00" + b"II*\x00" + struct.pack("<IH", 8, 1) + entry + bytes(4)
    turned = jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]

    assert decode_rgb(jpeg, name="a.jpg").shape == (8, 24, 3)
    assert decode_rgb(turned, name="a.jpg").shape == (24, 8, 3)


@pytest.mark.parametrize("suffix", pixels.PICTURE_SUFFIXES)
@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_a_file_that_ends_too_early_is_an_error(suffix: str, share: float):
    """Half a picture is not a picture: no grey rest, no silence."""
    data = encode(picture(Size(height=64, width=64)), suffix)

    with pytest.raises(DataError, match=r"street/a\.x: .*replace the file"):
        decode_rgb(data[: int(len(data) * share)], name="street/a.x")


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_file_without_its_last_byte_is_an_error(suffix: str):
    """The end of the file is looked at."""
    with pytest.raises(DataError, match="damaged"):
        decode_rgb(encode(picture(), suffix)[:-1], name="a")


@pytest.mark.parametrize("data", [b"", b"hello", bytes(100)])
@pytest.mark.parametrize("decode", [decode_rgb, decode_labels])
def test_what_is_no_picture_is_an_error(decode: Callable[..., np.ndarray], data: bytes):
    """The error names the file."""
    with pytest.raises(DataError, match=r"a\.png: "):
        decode(data, name="a.png")


@pytest.mark.parametrize("suffix", pixels.PICTURE_SUFFIXES)
def test_the_libraries_keep_silent_about_a_damaged_file(suffix: str, capfd: pytest.CaptureFixture[str]):
    """The error says it all; libpng and OpenCV would print to stderr besides."""
    data = encode(picture(Size(height=64, width=64)), suffix)

    with pytest.raises(DataError):
        decode_rgb(data[: len(data) // 2], name="a")

    assert capfd.readouterr().err == ""


def test_a_wrong_bit_in_a_png_is_found_where_it_counts():
    """In the pixels; in a comment it does no harm."""
    png = encode(picture(), ".png")
    pixels_at, comment = png.index(b"IDAT") + 8, b"tEXt" + b"Title\x00" + bytes(4)
    commented = png[:33] + struct.pack(">I", len(comment) - 4) + comment + bytes(4) + png[33:]

    with pytest.raises(
        DataError, match=r"a\.png: damaged: its checksum does not fit before byte \d+; replace the file"
    ):
        decode_rgb(png[:pixels_at] + bytes([png[pixels_at] ^ 1]) + png[pixels_at + 1 :], name="a.png")
    np.testing.assert_array_equal(decode_rgb(commented, name="a.png"), picture())


def test_a_header_of_a_monstrous_size_is_an_error():
    """More pixels than OpenCV reads: no OpenCV error, no memory."""
    png = bytearray(written(np.zeros((2, 2), np.uint8)))
    png[16:24] = struct.pack(">II", 1 << 18, 1 << 18)
    png[29:33] = struct.pack(">I", zlib.crc32(png[12:29]))

    with pytest.raises(DataError, match=r"a\.png: "):
        decode_rgb(bytes(png), name="a.png")


def test_labels_have_one_channel():
    """A colour picture in the place of labels is an error, not its first channel."""
    with pytest.raises(DataError, match=r"a\.png: has 3 channels"):
        decode_labels(encode(picture(), ".png"), name="a.png")


@pytest.mark.parametrize(("shape", "suffix"), [((2, 2, 3), ".xyz"), ((2, 2, 3), ""), ((0, 2, 3), ".png")])
def test_what_cannot_be_written_is_an_error(shape: tuple[int, ...], suffix: str):
    """An unknown suffix, or nothing to write."""
    with pytest.raises(DataError, match="cannot be written as"):
        encode(np.zeros(shape, np.uint8), suffix)


def test_a_lazy_image_is_made_once():
    """Nothing is decoded before somebody looks, and then once for all."""
    made = []

    def make() -> np.ndarray:
        made.append(1)
        return picture()

    image = LazyImage(Size(height=6, width=8), make)
    turned = image.then(Size(height=8, width=6), lambda image_hwc: image_hwc.transpose(1, 0, 2))
    assert made == []

    np.testing.assert_array_equal(turned.pixels()[2, 1], image.pixels()[1, 2])
    assert turned.pixels() is turned.pixels()
    assert made == [1]


def test_pixels_cannot_be_written_to_but_the_callers_array_can():
    """Other pictures may share them; the array that they came from is the caller's own business."""
    image_hwc = picture()
    image = LazyImage.from_array(image_hwc)

    with pytest.raises(ValueError, match="read-only"):
        image.pixels()[0, 0] = 0
    image_hwc[0, 0] = 0


def test_a_file_keeps_its_bytes_until_a_layer_changes_it():
    """``source`` gives the file as it is; what a layer made has none."""
    data = encode(picture(), ".png")
    image = LazyImage.from_file(Size(height=6, width=8), lambda: data, name="a.png")

    assert image.source is not None
    assert image.source() == data
    np.testing.assert_array_equal(image.pixels(), picture())
    assert image.then(image.size, lambda image_hwc: image_hwc).source is None


def test_cuts_and_mirrors_share_one_decoded_picture():
    """A cut copies nothing; a mirror image is an array of its own, in order in memory; both know what they show."""
    reads = []

    def read() -> bytes:
        reads.append(1)
        return encode(picture(), ".png")

    image = LazyImage.from_file(Size(height=6, width=8), read, name="a.png")
    cut = image.crop(Window(top=1, left=2, height=3, width=4))
    turned = cut.mirror("vertical")
    both = turned.mirror("horizontal")

    assert np.shares_memory(cut.pixels(), image.pixels())
    np.testing.assert_array_equal(cut.pixels(), picture()[1:4, 2:6])
    np.testing.assert_array_equal(turned.pixels(), picture()[1:4, 2:6][:, ::-1])
    np.testing.assert_array_equal(both.pixels(), picture()[1:4, 2:6][::-1, ::-1])
    np.testing.assert_array_equal(cut.mirror("horizontal").pixels(), picture()[1:4, 2:6][::-1])
    assert turned.pixels().flags.c_contiguous
    assert reads == [1]
    assert turned.view == View(window=Window(top=1, left=2, height=3, width=4), left_right=True)
    assert turned.source is None
    assert turned.then(turned.size, lambda image_hwc: image_hwc).view is None


def test_twice_mirrored_is_the_file_again():
    data = encode(picture(), ".png")
    image = LazyImage.from_file(Size(height=6, width=8), lambda: data, name="a.png")
    again = image.mirror("vertical").crop(Window(top=0, left=0, height=6, width=8)).mirror("vertical")

    assert again.source is not None
    assert again.source() == data


def test_a_file_of_another_size_than_annotated_is_an_error():
    """Figures would lie in the wrong places."""
    data = encode(picture(), ".png")
    image = LazyImage.from_file(Size(height=5, width=8), lambda: data, name="a.png")

    with pytest.raises(DataError, match=r"a\.png: the picture is 8 x 6 px but its annotation says 8 x 5"):
        image.pixels()


def test_a_change_that_makes_another_size_than_it_said_is_an_error():
    """A slip in a layer is met where it happens, not three layers on."""
    image = LazyImage.from_array(picture()).then(Size(height=6, width=7), lambda image_hwc: image_hwc)

    with pytest.raises(ValueError, match="was to be 7 x 6 px"):
        image.pixels()
