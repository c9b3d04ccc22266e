"""A layer of every action, as one would write it: for the reference, for its pictures, and for the schema's test.

The classes are those of a small street (``kittiseg.report.toy_street``).
"""

from dataclasses import dataclass, field
from typing import Any

from kittiseg.dtl.layer import Router, Sink, Source
from kittiseg.dtl.layers import LAYERS

STREET = {
    "road": "polygon",
    "house": "polygon",
    "car": "bitmap",
    "bus": "bitmap",
    "cloud": "bitmap",
    "trail": "bitmap",
    "sign": "rectangle",
    "lane": "line",
    "crack": "line",
    "lamp": "point",
}
"""Class -> shape of the project ``streets``."""

_PLAIN = ("road", "house", "car", "bus", "sign", "lane", "lamp")


@dataclass(frozen=True, kw_only=True)
class Example:
    """``classes``: what of the street is needed. ``before``: layers that must come first, as (action, settings).

    ``pictures``: how many are needed to see what it does.
    """

    settings: dict[str, Any] = field(default_factory=dict)
    classes: tuple[str, ...] = _PLAIN
    before: tuple[tuple[str, dict[str, Any]], ...] = ()
    pictures: int = 1


def example_layer(action: str, *, src: str = "$in", dst: str = "$out") -> dict[str, Any]:
    """The example as it stands in a query."""
    kind = LAYERS[action]
    src = "streets/*" if issubclass(kind, Source) else src
    names: str | list[str] = ["$yes", "$no"] if issubclass(kind, Router) else dst
    names = "streets-new" if issubclass(kind, Sink) else names
    return {"action": action, "src": [src], "dst": names, "settings": EXAMPLES[action].settings}


def example_query(action: str) -> list[dict[str, Any]]:
    """A whole query around the example: a data layer, what must come before, the layer, a save layer."""
    example, kind = EXAMPLES[action], LAYERS[action]
    if issubclass(kind, Source):
        return [example_layer(action), _layer("supervisely", ["$out"], "streets-new", {})]
    mapping = {name: "__default__" if name in example.classes else "__ignore__" for name in STREET}
    query = [_layer("data", ["streets/*"], "$0", {"classes_mapping": mapping})]
    for place, (earlier, settings) in enumerate(example.before):
        query.append(_layer(earlier, [f"${place}"], f"${place + 1}", settings))
    query.append(example_layer(action, src=f"${len(example.before)}"))
    if issubclass(kind, Sink):
        return query
    written = query[-1]["dst"]
    return [*query, _layer("supervisely", written if isinstance(written, list) else [written], "streets-new", {})]


def _layer(action: str, src: list[str], dst: str, settings: dict[str, Any]) -> dict[str, Any]:
    return {"action": action, "src": src, "dst": dst, "settings": settings}


def _span(low: float, high: float) -> dict[str, float]:
    return {"min_percent": low, "max_percent": high}


EXAMPLES: dict[str, Example] = {
    "approx_vector": Example(settings={"classes": ["road", "house"], "epsilon": 12}, classes=("road", "house")),
    "background": Example(settings={"class": "ground"}),
    "bbox": Example(settings={"classes_mapping": {"car": "vehicle", "bus": "vehicle", "house": "building"}}),
    "bbox2poly": Example(settings={"classes_mapping": {"sign": "corners"}}),
    "bitmap2lines": Example(
        settings={"classes_mapping": {"trail": "way"}, "min_points_cnt": 10}, classes=("trail", "car")
    ),
    "bitwise_masks": Example(
        settings={"type": "or", "class_mask": "car", "classes_to_correct": ["bus"]}, classes=("car", "bus")
    ),
    "blur": Example(settings={"name": "gaussian", "sigma": {"min": 1.5, "max": 3}}),
    "color_class": Example(settings={"classes_color_mapping": {"car": "#ffd400", "road": "#00b894"}}),
    "contour_sliding_box": Example(
        settings={
            "classes": ["house"],
            "box_class": "edge",
            "box": {"width": "26px", "height": "26px"},
            "distance": "30px",
        },
        classes=("house",),
    ),
    "contrast_brightness": Example(
        settings={
            "contrast": {"min": 1.4, "max": 1.8, "center_grey": True},
            "brightness": {"min": -50, "max": -30},
        }
    ),
    "crop": Example(settings={"random_part": {"width": _span(40, 60), "height": _span(60, 80)}}),
    "crop_annotation": Example(settings={"sides": {"left": "30%", "bottom": "25%"}}),
    "data": Example(settings={"classes_mapping": {"car": "vehicle", "bus": "vehicle", "__other__": "__ignore__"}}),
    "dataset": Example(settings={"rule": "save_original"}),
    "drop_lines_by_length": Example(settings={"lines_class": "lane", "min_length": 20}, classes=("lane",)),
    "drop_lines_under_polygon": Example(
        settings={"lines_class": "crack", "polygons_class": "road"}, classes=("crack", "road")
    ),
    "drop_noise": Example(
        settings={"classes": ["cloud"], "min_area": "60px", "src_type": "image"}, classes=("cloud", "house")
    ),
    "drop_obj_by_class": Example(settings={"classes": ["road", "lane"]}),
    "dummy": Example(),
    "duplicate_objects": Example(settings={"classes_mapping": {"house": "building"}}, classes=("house", "car")),
    "find_contours": Example(settings={"classes_mapping": {"car": "outline", "bus": "outline"}}),
    "find_cracknets": Example(
        settings={"crack_class": "crack", "cracknet_class": "net", "mask_resolution": 80},
        classes=("crack",),
    ),
    "flip": Example(settings={"axis": "vertical"}),
    "generate_hints": Example(
        settings={"class": "car", "positive_class": "inside", "negative_class": "other", "min_points_number": 8},
        classes=("car",),
    ),
    "if": Example(settings={"condition": {"min_objects_count": 10}}, classes=(*_PLAIN, "trail"), pictures=2),
    "instances_crop": Example(
        settings={
            "classes": ["car", "bus", "house"],
            "pad": {"sides": {"left": "10px", "top": "10px", "right": "10px", "bottom": "10px"}},
        }
    ),
    "line2bitmap": Example(
        settings={"classes_mapping": {"lane": "marking", "house": "wall"}, "width": 6}, classes=("lane", "house")
    ),
    "merge_bitmap_masks": Example(settings={"class": "cloud"}, classes=("cloud", "house")),
    "merge_lines": Example(
        settings={
            "lines_class": "lane",
            "maximal_angle": 30,
            "max_ends_distance": "20px",
            "max_ortho_distance_coefficient": 0.5,
        },
        classes=("lane",),
    ),
    "multiply": Example(settings={"multiply": 3}),
    "noise": Example(
        settings={"mean": 0, "std": 14}, before=(("crop", {"sides": {"left": "55%", "bottom": "20%", "top": "20%"}}),)
    ),
    "objects_filter": Example(
        settings={
            "filter_by": {
                "polygon_sizes": {
                    "filtering_classes": ["car", "bus", "house"],
                    "area_size": {"percent": 4},
                    "action": "delete",
                    "comparator": "less",
                }
            }
        }
    ),
    "parquet": Example(),
    "poly2bitmap": Example(settings={"classes_mapping": {"house": "mask", "road": "mask"}}, classes=("house", "road")),
    "random_color": Example(settings={"strength": 0.8}),
    "rasterize": Example(
        settings={"classes_mapping": {"road": "ground", "car": "vehicle", "bus": "vehicle"}},
        classes=("road", "car", "bus"),
    ),
    "recipe": Example(),
    "rename": Example(settings={"classes_mapping": {"car": "vehicle", "bus": "vehicle", "lamp": "__ignore__"}}),
    "resize": Example(settings={"width": 150, "height": -1, "aspect_ratio": {"keep": True}}),
    "resize_annotation": Example(settings={"width": 150, "height": -1, "aspect_ratio": {"keep": True}}),
    "restore_annotation_scale": Example(
        before=(("resize_annotation", {"width": 150, "height": -1, "aspect_ratio": {"keep": True}}),)
    ),
    "road_lines": Example(settings={"road_class": "road", "road_lines_class": "side"}, classes=("road",)),
    "rotate": Example(
        settings={"rotate_angles": {"min_degrees": 10, "max_degrees": 20}, "black_regions": {"mode": "keep"}},
        classes=("road", "house", "car", "bus", "lane"),
    ),
    "save": Example(settings={"images": True, "annotations": True, "visualize": True}),
    "save_masks": Example(
        settings={
            "images": True,
            "annotations": True,
            "masks_machine": True,
            "masks_human": True,
            "gt_machine_color": {"road": [90, 90, 90], "car": [255, 255, 255]},
            "gt_human_color": {"road": [140, 90, 220], "car": [50, 110, 240]},
        }
    ),
    "skeletonize": Example(settings={"classes": ["trail"], "method": "skeletonization"}, classes=("trail", "car")),
    "sliding_window": Example(
        settings={"window": {"width": 170, "height": 190}, "min_overlap": {"x": 40, "y": 0}},
    ),
    "split": Example(settings={"shares": {"train": 0.75, "val": 0.25}}, pictures=4),
    "split_masks": Example(settings={"classes": ["cloud"]}, classes=("cloud", "house")),
    "supervisely": Example(),
    "tag": Example(settings={"tag": "train", "action": "add"}),
    "tile": Example(
        settings={
            "window": {"width": 150, "height": 95},
            "min_object_area": {"classes": ["car", "bus"], "area": "5%"},
        }
    ),
}
"""Action -> example."""
