"""PNG files written row by row."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from kittiseg.project.geometry import Size
from kittiseg.project.png import write_png


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("rows", [1, 4, 100])
def test_other_readers_find_the_pixels(channels: int, rows: int):
    """OpenCV and Pillow, grey and RGB, in however many parts the rows come."""
    shape = (100, 37) if channels == 1 else (100, 37, 3)
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    stream = io.BytesIO()

    parts = (image[top : top + rows] for top in range(0, 100, rows))
    write_png(stream, Size(height=100, width=37), parts, channels=channels)

    np.testing.assert_array_equal(np.asarray(Image.open(stream)), image)
    how = cv2.IMREAD_COLOR_RGB if channels == 3 else cv2.IMREAD_UNCHANGED
    np.testing.assert_array_equal(cv2.imdecode(np.frombuffer(stream.getvalue(), np.uint8), how), image)


def test_missing_rows_are_an_error():
    """Else the file would be cut off."""
    with pytest.raises(ValueError, match="1 rows came of a picture of 2 x 3 px"):
        write_png(io.BytesIO(), Size(height=3, width=2), [np.zeros((1, 2), np.uint8)], channels=1)
