"""Settings for every action, on the classes of ``toy_projects.META`` and ``projects.every_shape``."""

from typing import Any

from tests.data.programs import RANDOM_CROP

SETTINGS: dict[str, dict[str, Any]] = {
    "approx_vector": {"classes": ["lane"], "epsilon": 1},
    "background": {"class": "ground"},
    "bbox": {"classes_mapping": {"road": "box", "lane": "box"}},
    "bbox2poly": {"classes_mapping": {"sign": "corners"}},
    "bitmap2lines": {"classes_mapping": {"road": "path"}, "min_points_cnt": 2},
    "bitwise_masks": {"type": "or", "class_mask": "road", "classes_to_correct": ["speck"]},
    "blur": {"name": "gaussian", "sigma": {"min": 0.5, "max": 2}},
    "color_class": {"classes_color_mapping": {"road": "#00a0ff"}},
    "contour_sliding_box": {
        "classes": ["house"],
        "box_class": "box",
        "box": {"width": "4px", "height": "20%"},
        "distance": "5px",
    },
    "contrast_brightness": {"contrast": {"min": 0.5, "max": 2}, "brightness": {"min": -20, "max": 20}},
    "crop": RANDOM_CROP,
    "crop_annotation": RANDOM_CROP,
    "data": {"classes_mapping": {"road": "vehicle", "speck": "vehicle", "__other__": "__default__"}},
    "dataset": {"name": "new"},
    "drop_lines_by_length": {"lines_class": "lane", "min_length": 12},
    "drop_lines_under_polygon": {"lines_class": "lane", "polygons_class": "house"},
    "drop_noise": {"classes": ["speck"], "min_area": "3px", "src_type": "image"},
    "drop_obj_by_class": {"classes": ["speck"]},
    "dummy": {"anything": "goes"},
    "duplicate_objects": {"classes_mapping": {"road": "copy"}},
    "find_contours": {"classes_mapping": {"road": "outline"}},
    "find_cracknets": {
        "crack_class": "lane",
        "cracknet_class": "net",
        "mask_resolution": 16,
        "min_points_in_cluster": 3,
    },
    "flip": {"axis": "vertical"},
    "generate_hints": {
        "class": "road",
        "positive_class": "inside",
        "negative_class": "outside",
        "min_points_number": 2,
    },
    "if": {"condition": {"probability": 0.5}},
    "instances_crop": {
        "classes": ["road", "house"],
        "pad": {"sides": {"left": "2px", "top": "10%"}},
        "save_classes": ["lane"],
    },
    "line2bitmap": {"classes_mapping": {"road": "edge", "lane": "edge"}, "width": 2},
    "merge_bitmap_masks": {"class": "speck"},
    "merge_lines": {
        "lines_class": "lane",
        "maximal_angle": 30,
        "max_ends_distance": "4px",
        "max_ortho_distance_coefficient": 0.5,
    },
    "multiply": {"multiply": 3},
    "noise": {"mean": 0, "std": 5},
    "objects_filter": {
        "filter_by": {
            "polygon_sizes": {
                "filtering_classes": ["road", "speck", "house"],
                "area_size": {"width": 9, "height": 7},
                "action": "delete",
                "comparator": "less",
            }
        }
    },
    "parquet": {},
    "poly2bitmap": {"classes_mapping": {"road": "mask", "lane": "mask"}},
    "random_color": {"strength": 0.5},
    "rasterize": {"classes_mapping": {"lane": "mask"}},
    "recipe": {},
    "rename": {"classes_mapping": {"road": "vehicle"}},
    "resize": {"width": 20, "height": 30, "aspect_ratio": {"keep": True}},
    "resize_annotation": {"width": 16, "height": -1, "aspect_ratio": {"keep": True}},
    "restore_annotation_scale": {},
    "road_lines": {"road_class": "house", "road_lines_class": "side"},
    "rotate": {"rotate_angles": {"min_degrees": 10, "max_degrees": 80}, "black_regions": {"mode": "keep"}},
    "save": {"images": True, "annotations": True, "visualize": True},
    "save_masks": {
        "images": True,
        "annotations": True,
        "masks_machine": True,
        "masks_human": False,
        "gt_machine_color": {"road": [1, 1, 1], "lane": [2, 2, 2]},
    },
    "skeletonize": {"classes": ["road"], "method": "thinning"},
    "sliding_window": {"window": {"width": 16, "height": 12}, "min_overlap": {"x": 4, "y": 0}},
    "split": {"shares": {"train": 0.75, "val": 0.25}},
    "split_masks": {"classes": ["speck"]},
    "supervisely": {},
    "tag": {"tag": "train", "action": "add"},
    "tile": {"window": {"width": 16, "height": 12}},
}
