"""COCO data sets of one picture."""

import json
from pathlib import Path

from kittiseg.inference.writers.coco import Coco
from tests.data.scored import drawn, scored_of
from tests.data.targets import target_in


def test_a_mask_for_each_class_that_has_a_pixel(tmp_path: Path):
    """With its box (left, top, width, height) and its area; classes that are not written are not here."""
    target = target_in(tmp_path, written={1: "vehicle_dl", 2: "person", 0: "bg"})

    Coco().write(scored_of(drawn("001", ".11", "0.."), rows=(1, 1)), target)

    assert json.loads((tmp_path / "training/coco/a.json").read_text()) == {
        "images": [{"id": 1, "file_name": "a.png", "height": 3, "width": 3}],
        "categories": [{"id": 0, "name": "bg"}, {"id": 1, "name": "vehicle_dl"}, {"id": 2, "name": "person"}],
        "annotations": [
            {
                "id": 1,
                "image_id": 1,
                "category_id": 0,
                "segmentation": {"size": [3, 3], "counts": "01114"},
                "bbox": [0, 0, 2, 3],
                "area": 3,
                "iscrowd": 0,
            },
            {
                "id": 2,
                "image_id": 1,
                "category_id": 1,
                "segmentation": {"size": [3, 3], "counts": "41110"},
                "bbox": [1, 0, 2, 2],
                "area": 3,
                "iscrowd": 0,
            },
        ],
    }
