"""Why PNG files are written with OpenCV's own settings: time and size of other settings and of Pillow, side by side."""

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from benchmarks.measure import Ratio, best_of, frames, seconds
from kittiseg.pipeline import Run
from kittiseg.project.pixels import encode

LEVEL, STRATEGY, FILTER = cv2.IMWRITE_PNG_COMPRESSION, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_FILTER
OTHERS: dict[str, Callable[[np.ndarray], bytes]] = {
    "OpenCV, level 1": lambda image_hwc: with_opencv(image_hwc, [LEVEL, 1]),
    "OpenCV, Huffman only, no filter": lambda image_hwc: with_opencv(
        image_hwc, [LEVEL, 1, STRATEGY, cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY, FILTER, cv2.IMWRITE_PNG_FILTER_NONE]
    ),
    "OpenCV, run lengths, Paeth filter": lambda image_hwc: with_opencv(
        image_hwc, [LEVEL, 1, STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE, FILTER, cv2.IMWRITE_PNG_FILTER_PAETH]
    ),
    "Pillow, level 1": lambda image_hwc: with_pillow(image_hwc),
}


def run(folder: Path) -> list[Ratio]:
    """Crops of 350 x 360 px of twelve frames, one thread; the best of three rounds."""
    project = frames(Run.at(folder / "workspace", engine="local"), folder)
    pictures = [project.item(key).image.pixels() for key in project.keys()[:12]]
    crops = [np.ascontiguousarray(image_hwc[5:365, x : x + 350]) for image_hwc in pictures for x in (100, 500)]
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    ratios = []
    for name, other in OTHERS.items():
        works = [partial(seconds, partial(encode_all, crops, how)) for how in (ours, other)]
        mine, theirs = (1000 * found / len(crops) for found in best_of(3, *works))
        ratios.append(Ratio(f"a crop as PNG / {name}", mine, theirs, "ms"))
        sizes = [sum(map(len, map(how, crops))) / len(crops) / 1000 for how in (ours, other)]
        ratios.append(Ratio(f"its size / {name}", sizes[0], sizes[1], "kB"))
    cv2.setNumThreads(before)
    return ratios


def encode_all(crops: list[np.ndarray], how: Callable[[np.ndarray], bytes]) -> None:
    for crop_hwc in crops:
        how(crop_hwc)


def ours(image_hwc: np.ndarray) -> bytes:
    return encode(image_hwc, ".png")


def with_opencv(image_hwc: np.ndarray, settings: list[int]) -> bytes:
    return cv2.imencode(".png", cv2.cvtColor(image_hwc, cv2.COLOR_RGB2BGR), settings)[1].tobytes()


def with_pillow(image_hwc: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(image_hwc).save(stream, "png", compress_level=1)
    return stream.getvalue()
