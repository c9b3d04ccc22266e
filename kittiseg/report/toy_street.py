"""A small drawn street with objects of every shape, for the pictures of the reference."""

from collections.abc import Sequence

import cv2
import numpy as np

from kittiseg.dtl.examples import STREET
from kittiseg.project.annotation import Annotation, Figure
from kittiseg.project.geometry import Size
from kittiseg.project.item import Item, ItemKey
from kittiseg.project.meta import ObjectClass, ProjectMeta
from kittiseg.project.pixels import LazyImage
from kittiseg.project.shapes import Bitmap, Line, Point, Polygon, Rectangle, Shape

SIZE = Size(height=190, width=300)
PROJECT = "streets"

_COLORS = {
    "road": "#8e5bd9",
    "house": "#e4572e",
    "car": "#2f6fed",
    "bus": "#00b894",
    "cloud": "#e056c8",
    "trail": "#c2185b",
    "sign": "#ff3d81",
    "lane": "#ffd400",
    "crack": "#ff8c00",
    "lamp": "#d63031",
}
_ROAD = [(100, 190), (134, 120), (146, 92), (166, 92), (206, 122), (292, 190)]
_WALLS = [(16, 112), (16, 62), (33, 45), (52, 30), (70, 45), (88, 62), (88, 112)]
_WINDOW = [(36, 66), (66, 66), (66, 88), (36, 88)]
_LANES = [[(153, 98), (158, 112), (160, 120)], [(165, 132), (174, 152)], [(180, 164), (188, 179)]]
_CRACKS = [
    [(216, 150), (222, 154), (227, 150), (233, 156), (240, 153)],
    [(219, 163), (225, 159), (230, 164), (237, 160), (243, 165)],
    [(222, 150), (224, 157), (221, 164), (226, 170)],
    [(233, 151), (234, 158), (238, 164), (236, 171)],
]
_TRAIL = [(14, 186), (30, 166), (62, 158), (82, 140), (122, 130)]
_TRAIL_BRANCH = [(62, 158), (84, 172), (92, 188)]


def street_meta() -> ProjectMeta:
    return ProjectMeta(tuple(ObjectClass(name, shape, _COLORS[name]) for name, shape in STREET.items()))


def street(number: int = 0) -> Item:
    """The street with its cars elsewhere for each number; every second one has no trail."""
    shift = 9 * (number % 4)
    masks = {"car": _car(shift), "bus": _bus(shift), "cloud": _cloud(), "trail": _trail()}
    if number % 2:
        masks.pop("trail")
    shapes: list[tuple[str, Shape]] = [
        ("road", Polygon(np.array(_ROAD, float))),
        ("house", Polygon(np.array(_WALLS, float), (np.array(_WINDOW, float),))),
        *[("cloud", _bitmap(part)) for part in (masks["cloud"], _second_cloud())],
        *[(name, _bitmap(mask)) for name, mask in masks.items() if name != "cloud"],
        ("sign", Rectangle(232, 48, 258, 72)),
        *[("lane", Line(np.array(path, float))) for path in _LANES],
        *[("crack", Line(np.array(path, float))) for path in _CRACKS],
        ("lamp", Point(112, 74)),
    ]
    annotation = Annotation(SIZE, tuple(Figure(name, shape) for name, shape in shapes))
    key = ItemKey(PROJECT, "north", f"{number + 1:06d}.png")
    return Item(key=key, image=LazyImage.from_array(_painted(masks)), annotation=annotation, dataset="north")


def _painted(masks: dict[str, np.ndarray]) -> np.ndarray:
    """What a camera would see of it, in few flat colours: the files stay small."""
    image_hwc = np.empty((SIZE.height, SIZE.width, 3), np.uint8)
    image_hwc[:92], image_hwc[92:] = (172, 208, 236), (150, 178, 118)
    _fill(image_hwc, _ROAD, (126, 128, 134))
    _fill(image_hwc, _WALLS, (206, 178, 150))
    _fill(image_hwc, [(8, 64), (52, 22), (96, 64)], (160, 92, 78))
    _fill(image_hwc, _WINDOW, (104, 132, 160))
    for path in _LANES:
        cv2.polylines(image_hwc, [np.array(path, np.int32)], False, (238, 238, 232), 3, cv2.LINE_AA)
    for path in _CRACKS:
        cv2.polylines(image_hwc, [np.array(path, np.int32)], False, (84, 84, 88), 1, cv2.LINE_AA)
    for start, end in (((245, 72), (245, 124)), ((112, 76), (112, 122))):
        cv2.line(image_hwc, start, end, (88, 92, 100), 2, cv2.LINE_AA)
    cv2.circle(image_hwc, (112, 74), 4, (252, 240, 178), -1, cv2.LINE_AA)
    _fill(image_hwc, [(232, 48), (258, 48), (258, 72), (232, 72)], (228, 232, 236))
    _fill(image_hwc, [(236, 66), (245, 53), (254, 66)], (204, 70, 62))
    paints = {"cloud": (240, 244, 248), "trail": (200, 182, 142), "bus": (232, 180, 62), "car": (186, 62, 58)}
    for name, color in paints.items():
        if name in masks:
            image_hwc[masks[name]] = color
    image_hwc[_second_cloud()] = paints["cloud"]
    return image_hwc


def _car(shift: int) -> np.ndarray:
    x = 196 + shift
    body = [(x, 144), (x, 132), (x + 9, 130), (x + 17, 119), (x + 39, 119), (x + 49, 130), (x + 58, 133), (x + 58, 144)]
    return _mask([body], circles=[(x + 13, 144, 6), (x + 46, 144, 6)])


def _bus(shift: int) -> np.ndarray:
    x = 104 + shift // 3
    return _mask([[(x, 98), (x + 36, 96), (x + 36, 130), (x, 136)]], circles=[(x + 8, 134, 4), (x + 29, 130, 4)])


def _cloud() -> np.ndarray:
    """One mask of several parts, some of them specks."""
    specks = [(196, 14, 2), (206, 34, 3), (116, 44, 2), (126, 12, 3)]
    return _mask([], circles=[(152, 24, 12), (168, 22, 15), (184, 27, 9), *specks])


def _second_cloud() -> np.ndarray:
    return _mask([], circles=[(268, 22, 8), (280, 24, 10), (255, 34, 2)])


def _trail() -> np.ndarray:
    mask_hw = np.zeros((SIZE.height, SIZE.width), np.uint8)
    for path in (_TRAIL, _TRAIL_BRANCH):
        cv2.polylines(mask_hw, [np.array(path, np.int32)], False, 1, 9)
    return mask_hw.astype(bool)


def _mask(polygons: Sequence[Sequence[tuple[int, int]]], *, circles: Sequence[tuple[int, int, int]] = ()) -> np.ndarray:
    """Corners as (x, y), circles as (x, y, radius)."""
    mask_hw = np.zeros((SIZE.height, SIZE.width), np.uint8)
    for corners in polygons:
        cv2.fillPoly(mask_hw, [np.array(corners, np.int32)], 1)
    for x, y, radius in circles:
        cv2.circle(mask_hw, (x, y), radius, 1, -1)
    return mask_hw.astype(bool)


def _bitmap(mask_hw: np.ndarray) -> Bitmap:
    found = Bitmap.trimmed(mask_hw)
    assert found is not None
    return found


def _fill(image_hwc: np.ndarray, corners: Sequence[tuple[int, int]], color: tuple[int, int, int]) -> None:
    cv2.fillPoly(image_hwc, [np.array(corners, np.int32)], color, cv2.LINE_AA)
