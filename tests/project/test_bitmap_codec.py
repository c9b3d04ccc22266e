"""Masks as text."""

import base64
import io
import json
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from kittiseg.errors import DataError
from kittiseg.project import bitmap_codec
from kittiseg.project.geometry import Size

masks = arrays(bool, st.tuples(st.integers(1, 5), st.integers(1, 19)))


def text_of(png: bytes) -> str:
    return base64.b64encode(zlib.compress(png)).decode()


def png_of(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def header(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">II", width, height) + b"\x01\x03\x00\x00\x00"
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))


@given(masks)
def test_decode_brings_the_mask_back(mask_hw: np.ndarray):
    """Every mask, whatever its width modulo 8; the size can be had without decoding."""
    text = bitmap_codec.encode(mask_hw)

    again_hw = bitmap_codec.decode(text)

    assert again_hw.dtype == bool
    np.testing.assert_array_equal(again_hw, mask_hw)
    assert bitmap_codec.decoded_size(text) == Size(height=mask_hw.shape[0], width=mask_hw.shape[1])


@given(masks)
def test_any_png_reader_sees_the_mask_as_opacity(mask_hw: np.ndarray):
    """OpenCV, which knows nothing of us, finds set pixels white and opaque, the others transparent."""
    png = zlib.decompress(base64.b64decode(bitmap_codec.encode(mask_hw)))

    bgra_hwc = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)

    np.testing.assert_array_equal(bgra_hwc, np.where(mask_hw, 255, 0)[..., None].repeat(4, axis=2))


@given(masks)
def test_pngs_of_other_kinds_are_read(mask_hw: np.ndarray):
    """Grey is set where it is not 0, RGBA where it is not transparent."""
    grey_hw = mask_hw.astype(np.uint8) * 7
    rgba_hwc = np.full((*mask_hw.shape, 4), 9, np.uint8)
    rgba_hwc[..., 3] = grey_hw

    for image in (grey_hw, rgba_hwc):
        np.testing.assert_array_equal(bitmap_codec.decode(text_of(png_of(image))), mask_hw)


@pytest.mark.parametrize("value", [False, True])
def test_a_mask_of_a_whole_picture_goes_through(value: bool):
    """All empty and all set, at the size of a KITTI frame, 1242 being no multiple of 8."""
    mask_hw = np.full((375, 1242), value)

    np.testing.assert_array_equal(bitmap_codec.decode(bitmap_codec.encode(mask_hw)), mask_hw)


@given(masks)
def test_masks_written_through_pillow_are_read(mask_hw: np.ndarray):
    """The way Supervisely's own SDK writes them: a palette picture with colour 0 transparent."""
    image = Image.fromarray(mask_hw.astype(np.uint8), mode="P")
    image.putpalette([0, 0, 0, 255, 255, 255])
    stream = io.BytesIO()
    image.save(stream, format="PNG", transparency=0, optimize=0)

    np.testing.assert_array_equal(bitmap_codec.decode(text_of(stream.getvalue())), mask_hw)


def test_bitmaps_of_the_original_are_read(oracle: Path):
    """Every bitmap that the original wrote or read, against OpenCV's reading of its PNG."""
    annotations = [json.loads(path.read_text()) for path in sorted(oracle.glob("dtl/0*/*/**/ann/*.json"))]
    texts = {
        entry["bitmap"]["data"]
        for found in annotations
        for entry in found["objects"]
        if entry.get("bitmap", {}).get("data")
    }
    assert len(texts) > 10

    for text in texts:
        image = cv2.imdecode(np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8), cv2.IMREAD_UNCHANGED)
        opaque_hw = image if image.ndim == 2 else image[..., 3]
        np.testing.assert_array_equal(bitmap_codec.decode(text), opaque_hw != 0)


def test_the_same_mask_gives_the_same_text():
    """Also when it is a view with strides."""
    wide_hw = np.eye(6, 12, dtype=bool)

    assert bitmap_codec.encode(wide_hw[:, ::2]) == bitmap_codec.encode(wide_hw[:, ::2].copy())


@given(masks, st.integers(1, 5))
def test_rows_that_come_in_parts_give_the_same_text(mask_hw: np.ndarray, rows: int):
    """However many come at once."""
    encoder = bitmap_codec.RowEncoder(Size(height=mask_hw.shape[0], width=mask_hw.shape[1]))
    for top in range(0, len(mask_hw), rows):
        encoder.add(mask_hw[top : top + rows])

    assert encoder.finish() == bitmap_codec.encode(mask_hw)


def test_noise_that_comes_in_parts_gives_the_same_text():
    """Also where it fills zlib's window of 32 KB many times over."""
    mask_hw = np.random.default_rng(0).random((900, 2000)) < 0.1
    encoder = bitmap_codec.RowEncoder(Size(height=900, width=2000))
    for top in range(0, 900, 7):
        encoder.add(mask_hw[top : top + 7])

    text = encoder.finish()
    assert text == bitmap_codec.encode(mask_hw)
    png = zlib.decompress(base64.b64decode(text))
    packed = np.zeros((900, 251), np.uint8)
    packed[:, 1:] = np.packbits(mask_hw, axis=1)
    assert zlib.compress(packed.tobytes(), 6) in png  # what all projects so far have


GOOD = base64.b64decode(bitmap_codec.encode(np.eye(40, dtype=bool)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a PNG"),
        ("???", "not a PNG|cannot be read"),
        ("später", "cannot be read"),
        ("AAAA", "cannot be read"),
        (base64.b64encode(zlib.compress(b"")).decode(), "not a PNG"),
        (base64.b64encode(zlib.compress(b"GIF89a" + bytes(40))).decode(), "not a PNG"),
        (base64.b64encode(GOOD[:-10]).decode(), "cut off"),
        (base64.b64encode(GOOD[:-3] + b"abc").decode(), "cannot be read"),
        (text_of(zlib.decompress(GOOD)[:60]), "not a whole PNG"),
        (text_of(header(8, 8) + bytes(40)), "not a whole PNG"),
        (text_of(png_of(np.zeros((2, 2, 3), np.uint8))), "3 channels"),
        (text_of(header(1 << 16, 1 << 15)), "65536 x 32768 px and not one-bit"),
    ],
)
def test_damaged_text_is_an_error(text: str, message: str):
    """Never an empty mask, never an error of zlib or OpenCV."""
    with pytest.raises(DataError, match=message):
        bitmap_codec.decode(text)


def test_a_mask_with_too_few_rows_is_an_error():
    """A header that promises more pixels than follow."""
    png = zlib.decompress(base64.b64decode(bitmap_codec.encode(np.ones((4, 8), bool))))
    taller = header(8, 5) + png[len(header(8, 4)) :]

    with pytest.raises(DataError, match="ends before its 8 x 5 px"):
        bitmap_codec.decode(text_of(taller))


@pytest.mark.parametrize(("width", "height"), [(0, 5), (5, 0), (1 << 16, (1 << 16) + 1), (0xFFFFFFFF, 2)])
def test_sizes_that_no_mask_has_are_refused(width: int, height: int):
    """The header is believed only up to 4 gigapixels; nothing is allocated for more."""
    with pytest.raises(DataError, match=f"it is {width} x {height} px"):
        bitmap_codec.decoded_size(text_of(header(width, height)))


def test_a_text_that_unpacks_to_far_more_than_its_size_is_refused():
    """Fifty MB of zeros behind the header of one pixel are not unpacked."""
    with pytest.raises(DataError, match="far longer than its size allows"):
        bitmap_codec.decode(text_of(header(1, 1) + bytes(50_000_000)))
