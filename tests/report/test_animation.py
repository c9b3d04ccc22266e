import io

import numpy as np
from PIL import Image

from kittiseg.project.geometry import Size, Window
from kittiseg.report.animation import PAUSE, animated_gif, frame_seconds, last_frame, window_frame

PICTURE = Size(height=40, width=80)
WINDOWS = [Window(top=0, left=left, height=40, width=40) for left in (0, 20, 40)]


def grey() -> np.ndarray:
    return np.full((20, 40, 3), 100, np.uint8)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def pixels(image: Image.Image, frame: int) -> np.ndarray:
    image.seek(frame)
    return np.asarray(image.convert("RGB"))


def test_the_current_window_is_bright_and_those_before_it_are_outlined():
    """On a copy of half the size: window 2 spans columns 10 to 29, window 1 began at column 0."""
    frame_hwc = window_frame(grey(), WINDOWS[:2], image=PICTURE)

    row_wc = frame_hwc[10]
    bright, dark = ((row_wc == value).all(axis=1) for value in (100, 50))
    assert np.flatnonzero(bright).tolist() == list(range(12, 28))
    assert np.flatnonzero(dark).tolist() == [*range(1, 9), *range(31, 40)]
    assert (grey() == 100).all()


def test_the_last_frame_is_the_picture_with_all_outlines():
    """Nothing in it is dark."""
    frame_hwc = last_frame(grey(), WINDOWS, image=PICTURE)

    lines_w = (frame_hwc[10] != 100).any(axis=1)
    assert np.flatnonzero(lines_w).tolist() == [0, 10, 19, 20, 29, 39]
    assert (frame_hwc[10, ~lines_w] == 100).all()


def test_the_outlines_of_a_thousand_windows_do_not_hide_the_picture():
    """It ends without them."""
    assert np.array_equal(last_frame(grey(), WINDOWS * 333, image=PICTURE), grey())


def test_skipped_windows_have_a_cross_in_their_middle():
    """On every frame; at the end not those of a thousand. The middle of the third window is column 29, row 9."""
    for frame_hwc in (
        window_frame(grey(), WINDOWS[:1], image=PICTURE, skipped=WINDOWS[2:]),
        last_frame(grey(), (), image=PICTURE, skipped=WINDOWS[2:]),
    ):
        rows, columns = np.nonzero((frame_hwc == (222, 62, 62)).all(axis=2))
        assert list(zip(rows, columns, strict=True)) == [(8, 28), (8, 30), (9, 29), (10, 28), (10, 30)]
    assert np.array_equal(last_frame(grey(), (), image=PICTURE, skipped=WINDOWS * 333), grey())


def test_few_frames_do_not_race_and_many_do_not_creep():
    """One of one window stays as long as one of a few; a thousand would pass at the fastest."""
    assert frame_seconds(1) == frame_seconds(10) == 0.3
    assert frame_seconds(28) == 0.25
    assert frame_seconds(1000) == 0.08


def test_the_gif_repeats_for_ever_and_rests_on_its_last_frame():
    """Every frame comes out as it went in, to within what 252 colours allow."""
    image_hwc = np.random.default_rng(0).integers(90, 106, (20, 40, 3), np.uint8)
    frames = [window_frame(image_hwc, WINDOWS[:count], image=PICTURE) for count in (1, 2, 3)]
    frames.append(last_frame(image_hwc, WINDOWS, image=PICTURE))

    image = opened(animated_gif(frames))

    assert (image.n_frames, image.info["loop"]) == (4, 0)
    for place, frame_hwc in enumerate(frames):
        assert np.abs(pixels(image, place).astype(int) - frame_hwc).max() <= 12
        assert image.info["duration"] == (PAUSE * 1000 if place == 3 else 300)


def test_what_does_not_change_is_not_written_again():
    """Forty windows over noise, each two columns on: a few per cent of forty pictures."""
    image_hwc = np.random.default_rng(0).integers(0, 256, (100, 200, 3), np.uint8)
    size = Size(height=100, width=200)
    windows = [Window(top=0, left=left, height=100, width=120) for left in range(0, 80, 2)]
    frames = [window_frame(image_hwc, windows[: place + 1], image=size) for place in range(40)]

    assert len(animated_gif(frames)) < 6 * len(animated_gif(frames[:1] * 2))
