"""A project of six small pictures in two data sets, with objects of every shape, in the layout of 2018.

The same pictures, up to the random ones of their pixels, and the same objects, up to class ``speck``, as those that the
original's outputs were recorded for: polygons with holes and such that stick out, bitmaps with teeth, holes and many
parts, corners in the wrong order, objects of too few points, points on and beyond the border, a tag that stands twice.
"""

from pathlib import Path
from typing import Any

import numpy as np

from kittiseg.formats.supervisely import Supervisely
from kittiseg.project import pixels
from kittiseg.project.bitmap_codec import encode
from kittiseg.project.geometry import Size
from kittiseg.project.store import Project, Workspace
from tests.data.kitti_folders import imported, write
from tests.data.old_projects import OldProject

PICTURES = {
    "ds1/alpha": Size(height=64, width=96),
    "ds1/beta": Size(height=101, width=61),
    "ds1/gamma": Size(height=48, width=128),
    "ds2/delta": Size(height=80, width=80),
    "ds2/epsilon": Size(height=75, width=133),
    "ds2/zeta": Size(height=40, width=50),
}
META = {
    "classes": [
        {"title": "car", "shape": "polygon", "color": "#ff0000"},
        {"title": "house", "shape": "polygon", "color": "#00a0ff"},
        {"title": "road", "shape": "bitmap", "color": "#804080"},
        {"title": "speck", "shape": "bitmap", "color": "#ffff00"},
        {"title": "ring", "shape": "bitmap", "color": "#00ffcc"},
        {"title": "sign", "shape": "rectangle", "color": "#00ff00"},
        {"title": "lane", "shape": "line", "color": "#ffffff"},
        {"title": "pole", "shape": "point", "color": "#ff00ff"},
    ],
    "tags_images": ["day", "night", "rain"],
    "tags_objects": ["flat", "vehicle", "u-shape"],
}
_TAGS = (["day"], ["night", "rain"], [], ["day", "day"], ["rain"], ["night"])


def toy_folder(folder: Path, name: str = "toy", *, suffix: str = ".png") -> OldProject:
    """The project as a folder ``name`` in ``folder``; the annotation of a picture is named by its stem alone."""
    write(folder / name, "meta.json", META)
    for index, (place, size) in enumerate(PICTURES.items()):
        dataset, stem = place.split("/")
        write(folder / name, f"{dataset}/img/{stem}{suffix}", pixels.encode(toy_picture(index, size), suffix))
        write(folder / name, f"{dataset}/ann/{stem}.json", toy_annotation(index, size))
    return OldProject(folder / name)


def toy_project(workspace: Workspace, folder: Path, name: str = "toy") -> Project:
    """The project as the import of that folder makes it, which leaves out objects of too few points."""
    return imported(Supervisely(), toy_folder(folder, name).folder, workspace, name)


def toy_picture(index: int, size: Size) -> np.ndarray:
    """RGB (h, w, 3): red grows to the right, green downwards, blue changes every 8 px; rectangles and dots on it."""
    rng = np.random.default_rng(index)
    rows, columns = np.mgrid[: size.height, : size.width]
    image_hwc = np.empty((size.height, size.width, 3), np.uint8)
    image_hwc[..., 0] = columns * 255 // (size.width - 1)
    image_hwc[..., 1] = rows * 255 // (size.height - 1)
    image_hwc[..., 2] = 60 + 120 * ((columns // 8 + rows // 8) % 2)
    for _ in range(4):
        top, left = rng.integers(0, size.height), rng.integers(0, size.width)
        height, width = rng.integers(2, size.height // 2), rng.integers(2, size.width // 2)
        image_hwc[top : top + height, left : left + width] = rng.integers(0, 256, 3)
    dots = rng.random((size.height, size.width)) < 0.05
    image_hwc[dots] = rng.integers(0, 256, (int(dots.sum()), 3))
    return image_hwc


def toy_annotation(index: int, size: Size) -> dict[str, Any]:
    objects = [*_bitmaps(index, size), *_polygons(index, size), *_signs(index, size), *_lanes(index, size)]
    return {
        "tags": _TAGS[index],
        "description": f"image {index}",
        "size": {"width": size.width, "height": size.height},
        "objects": [*objects, *_poles(index, size)],
        "img_hash": f"hash{index}",
    }


def _at(size: Size, *parts: tuple[float, float]) -> list[list[float]]:
    """Places given in parts of the picture, in whole px."""
    return [[round(x * size.width), round(y * size.height)] for x, y in parts]


def _vector(class_name: str, exterior: Any, *, interior: Any = (), tags: Any = (), text: str = "") -> dict[str, Any]:
    points = {"exterior": exterior, "interior": list(interior)}
    return {"classTitle": class_name, "description": text, "tags": list(tags), "points": points}


def _bitmap(class_name: str, origin: list[float], mask_hw: np.ndarray, *, tags: Any = ()) -> dict[str, Any]:
    bitmap = {"origin": origin, "data": encode(mask_hw)}
    return {"classTitle": class_name, "description": "", "tags": list(tags), "bitmap": bitmap}


def _bitmaps(index: int, size: Size) -> list[dict[str, Any]]:
    road_at, ring_at, speck_at = _at(size, (0.05, 0.6), (0.55, 0.1), (0.3, 0.3))
    stub = [_bitmap("road", [-4, size.height - 5], np.ones((9, 14), bool))] if index % 2 == 0 else []
    if index == 3:
        speck_at = [speck_at[0] + 0.5, speck_at[1] + 1.5]
    return [
        _bitmap("road", road_at, _road(size), tags=["flat"]),
        *stub,
        _bitmap("ring", ring_at, _ring(min(size.width, size.height) // 6)),
        _bitmap("speck", speck_at, _specks(np.random.default_rng(100 + index), size)),
    ]


def _road(size: Size) -> np.ndarray:
    """Teeth above, a hole in the middle."""
    height, width = size.height // 3, int(size.width * 0.7)
    mask_hw = np.ones((height, width), bool)
    mask_hw[: height // 4] = np.arange(width) % 11 < 6
    mask_hw[height // 2 - 1 : height // 2 + 2, width // 3 : width // 3 + 4] = False
    return mask_hw


def _ring(radius: int) -> np.ndarray:
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    distances = np.hypot(x, y)
    return (distances <= radius) & (distances >= 0.55 * radius)


def _specks(rng: np.random.Generator, size: Size) -> np.ndarray:
    """Small parts, some of one px, some that touch."""
    mask_hw = np.zeros((size.height // 3, size.width // 3), bool)
    for _ in range(12):
        top, left = rng.integers(0, mask_hw.shape[0]), rng.integers(0, mask_hw.shape[1])
        mask_hw[top : top + rng.integers(1, 5), left : left + rng.integers(1, 6)] = True
    return mask_hw


def _polygons(index: int, size: Size) -> list[dict[str, Any]]:
    house = _at(size, (0.05, 0.05), (0.45, 0.08), (0.5, 0.4), (0.25, 0.55), (0.03, 0.35))
    hole = _at(size, (0.15, 0.15), (0.3, 0.15), (0.3, 0.3), (0.15, 0.3))
    gap = _at(size, (0.36, 0.2), (0.42, 0.2), (0.4, 0.32)) if index % 2 else [[1, 1], [2, 2]]  # 2 points are no hole
    bent = _at(
        size, (0.5, 0.5), (0.95, 0.5), (0.95, 0.9), (0.8, 0.9), (0.8, 0.65), (0.65, 0.65), (0.65, 0.9), (0.5, 0.9)
    )
    (low, high), (far, down) = _at(size, (0.7, 0.2), (0.9, 0.45))
    sticking_out = [
        [low + 0.25, high + 0.5],
        [size.width + 6.5, round(size.height / 4) + 0.75],
        [far + 0.5, down + 0.125],
    ]
    (left, top), *_ = _at(size, (0.2, 0.7))
    too_few = [_vector("car", [[left, top], [left + 2, top + 2]])] if index % 3 == 1 else []
    return [
        _vector("house", house, interior=[hole, gap], text="a house with holes"),
        _vector("car", bent, tags=["vehicle", "u-shape"]),
        _vector("car", sticking_out),
        *too_few,
    ]


def _signs(index: int, size: Size) -> list[dict[str, Any]]:
    """The second one from its right bottom corner to its left top one, between pixels."""
    plain = _at(size, (0.1, 0.7), (0.25, 0.92))
    halves = [[x + 0.5, y + 0.5] for x, y in _at(size, (0.6, 0.35), (0.4, 0.15))]
    (_, top), (right, _) = _at(size, (0, 0.8), (0.15, 0))
    outside = [_vector("sign", [[-5, top], [right, size.height + 7]])] if index % 2 else []
    return [_vector("sign", plain), _vector("sign", halves), *outside]


def _lanes(index: int, size: Size) -> list[dict[str, Any]]:
    winding = _at(size, (0.05, 0.95), (0.3, 0.6), (0.35, 0.62), (0.6, 0.3), (0.9, 0.05))
    middle = round(size.height / 2)
    lanes = [_vector("lane", winding), _vector("lane", [[2, middle], [size.width - 3, middle]], text="flat line")]
    if index % 3 == 0:
        start, far, below, end = _at(size, (0.4, 0.4), (0, 0.9), (0.5, 0), (0.2, 0.75))
        there_and_back = [start, [size.width + 10, far[1]], [below[0], size.height + 5], end]
        lanes.append(_vector("lane", there_and_back))
    elif index == 2:
        lanes.append(_vector("lane", [[5, 5]]))
    return lanes


def _poles(index: int, size: Size) -> list[dict[str, Any]]:
    places = [*_at(size, (0.5, 0.75)), [0, 0], [size.width - 1, size.height - 1]]
    if index == 5:
        places += [[size.width, size.height], [size.width + 1, 3]]
    return [_vector("pole", [place]) for place in places]
