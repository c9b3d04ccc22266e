"""``coco``: what was found as run lengths, as COCO's tools read them."""

import json
from typing import Any, Literal

from kittiseg.config import settings
from kittiseg.inference.bands import windows_around
from kittiseg.inference.scored import Scored
from kittiseg.inference.writers.run_lengths import compressed, run_lengths
from kittiseg.inference.writers.target import Target


@settings
class Coco:
    """``<data set>/coco/<stem>.json``: a COCO data set of one picture, with one mask for each class that has a pixel.

    ``category_id`` is the class's index. Masks are compressed run lengths; COCO's tools read those of pictures of fewer
    than 2**32 px.
    """

    as_: Literal["coco"] = "coco"

    def write(self, scored: Scored, target: Target) -> None:
        height, width = scored.size.height, scored.size.width
        windows = windows_around(scored, target.written)
        annotations: list[dict[str, Any]] = []
        for label, counts_n in run_lengths(scored, sorted(windows)).items():
            window = windows[label]
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": 1,
                    "category_id": label,
                    "segmentation": {"size": [height, width], "counts": compressed(counts_n)},
                    "bbox": [window.left, window.top, window.width, window.height],
                    "area": int(counts_n[1::2].sum()),
                    "iscrowd": 0,
                }
            )
        document = {
            "images": [{"id": 1, "file_name": target.key.name, "height": height, "width": width}],
            "categories": [{"id": label, "name": name} for label, name in sorted(target.written.items())],
            "annotations": annotations,
        }
        target.files.replace(target.path("coco", ".json"), json.dumps(document, ensure_ascii=False).encode())
