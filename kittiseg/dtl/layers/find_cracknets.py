"""``find_cracknets``: the areas that nets of cracks cover."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import cv2
import numpy as np
import shapely
from annotated_types import Ge, Gt, Le, MinLen

from kittiseg.config import Doc, settings
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.mapping import add_class, check_shape
from kittiseg.project.annotation import Figure
from kittiseg.project.geometry import Size
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.shapes import Line, Polygon

_Name = Annotated[str, MinLen(1)]
_Part = Annotated[float, Gt(0)]
_KERNEL = np.ones((5, 5), np.uint8)
_LONGEST = 8  # a net is at most so many times longer than wide


@settings
class FindCracknets(Transform):
    """Adds a polygon around each place where the corners of crack lines lie close together.

    The corners are drawn as dots on a coarse map of the picture; gaps between them are closed, and the outlines of what
    is then one area, without their loops, are the nets. They come after all other objects. Only corners count, not
    what lies between them. The original grouped the corners by HDBSCAN, which found nothing where all were one group;
    here a group is what the closing joins. Maps wider than 256 px work; there they did not.
    """

    crack_class: Annotated[_Name, Doc("the class of the crack lines")]
    cracknet_class: Annotated[_Name, Doc("the class of the polygons that are added")]
    mask_resolution: Annotated[
        Annotated[int, Ge(1), Le(10_000)], Doc("the coarse map's width, px; 80 to 500 is sensible")
    ] = 160
    loop_devide_eps: Annotated[
        _Part, Doc("where an outline comes so near to itself, px of the map, a loop is a net of its own")
    ] = 2
    min_area_in_bbox_coef: Annotated[_Part, Doc("nets that fill less of their bounding box are left out, 0 to 1")] = 0.3
    min_poly_bbox_area_coef: Annotated[
        _Part, Doc("nets whose bounding box is a smaller part of the picture are left out, 0 to 1")
    ] = 0.008
    enable_subclustering: Annotated[bool, Doc("leave out groups of too few corners")] = True
    min_points_in_cluster: Annotated[Annotated[int, Ge(1)], Doc("how many corners a group needs")] = 10

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        check_shape(meta, self.crack_class, shape="line", at="crack_class")
        return add_class(meta, self.cracknet_class, shape="polygon", at="cracknet_class")

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        annotation = item.annotation
        cracks = [f.shape for f in annotation.figures if f.class_name == self.crack_class and isinstance(f.shape, Line)]
        nets = find_nets([crack.points for crack in cracks], annotation.image, self) if cracks else []
        figures = (*annotation.figures, *(Figure(self.cracknet_class, net) for net in nets))
        yield replace(item, annotation=replace(annotation, figures=figures))


def find_nets(cracks: list[np.ndarray], image: Size, rules: FindCracknets) -> list[Polygon]:
    """The nets that paths (n, 2) make, in whole px of the picture."""
    width = rules.mask_resolution
    height = max(int(width * image.height / image.width), 1)
    scale = np.array([width / image.width, height / image.height])
    corners = (np.concatenate(cracks) * scale).astype(np.int32)
    least = rules.min_points_in_cluster if rules.enable_subclustering else 1
    nets = []
    for mask_hw in group_masks(corners, Size(height=height, width=width), least=least):
        outlines, _ = cv2.findContours(mask_hw, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        for ring in (ring for outline in outlines for ring in split_loops(outline[:, 0], rules.loop_devide_eps)):
            if _is_net(ring, width * height, rules):
                nets += _polygons((ring / scale).astype(int))
    return nets


def group_masks(corners: np.ndarray, size: Size, *, least: int) -> Iterator[np.ndarray]:
    """A map (h, w) for each group of at least so many corners; corners are one group where closing joins their dots."""
    dots_hw = _dots(corners, size)
    _, groups_hw = cv2.connectedComponents(cv2.morphologyEx(dots_hw, cv2.MORPH_CLOSE, _KERNEL))
    inside = np.clip(corners, 0, (size.width - 1, size.height - 1))  # lines may stick out of the picture
    labels = groups_hw[inside[:, 1], inside[:, 0]]
    for label in np.unique(labels[labels > 0]):
        members = corners[labels == label]
        if len(members) >= least:
            yield cv2.morphologyEx(_dots(members, size), cv2.MORPH_CLOSE, _KERNEL)


def split_loops(outline: np.ndarray, reach: float) -> list[np.ndarray]:
    """The simple rings of an outline (n, 2): it is cut in two wherever it comes within ``reach`` of itself."""
    ring, loops, index = [tuple(corner) for corner in outline.tolist()], [], 0
    while index < len(ring):
        later = range(index + 1, len(ring))
        near = next((other for other in later if math.dist(ring[index], ring[other]) <= reach), None)
        if near is None:
            index += 1
            continue
        loops.append(ring[index : near + 1])
        del ring[index:near]
    return [np.array(loop) for loop in (*loops, ring) if len(loop) > 2]


def _dots(corners: np.ndarray, size: Size) -> np.ndarray:
    dots_hw = np.zeros((size.height, size.width), np.uint8)
    for x, y in corners.tolist():
        cv2.circle(dots_hw, (x, y), 1, 255, -1)
    return dots_hw


def _is_net(ring: np.ndarray, whole: int, rules: FindCracknets) -> bool:
    width, height = np.ptp(ring, axis=0).tolist()
    if width == 0 or height == 0 or max(width / height, height / width) > _LONGEST:
        return False
    box = width * height
    filled = Polygon(ring.astype(float)).area / box
    return bool(filled >= rules.min_area_in_bbox_coef and box / whole >= rules.min_poly_bbox_area_coef)


def _polygons(ring: np.ndarray) -> list[Polygon]:
    """The outer rings of what an outline encloses, several where it crosses itself."""
    enclosed = shapely.make_valid(shapely.Polygon(ring), method="structure", keep_collapsed=False)
    return [Polygon(np.asarray(part.exterior.coords)[:-1]) for part in shapely.get_parts(enclosed) if part.area > 0]
