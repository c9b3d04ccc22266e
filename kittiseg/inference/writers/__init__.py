"""What can be written beside a picture of predictions, each a settings class.

To add one: a class in a file of its own, a line in WRITERS, a name in AnyWriter. A writer takes what was found on a
whole picture, band by band, and writes ``<data set>/<folder>/<stem>.<suffix>``, which appears whole. Rasters show all
classes of the model by their index; objects are of the classes that are written into the project, under their names.
"""

from kittiseg.inference.writers.coco import Coco
from kittiseg.inference.writers.color_masks import ColorMasks
from kittiseg.inference.writers.geojson import GeoJson
from kittiseg.inference.writers.geotiff import GeoTiff
from kittiseg.inference.writers.masks import Masks
from kittiseg.inference.writers.probabilities import Probabilities
from kittiseg.inference.writers.target import CLASS_TABLE, Target, check_stems, class_table

WRITERS: dict[str, type] = {
    "coco": Coco,
    "color_masks": ColorMasks,
    "geojson": GeoJson,
    "geotiff": GeoTiff,
    "masks": Masks,
    "probabilities": Probabilities,
}

AnyWriter = Coco | ColorMasks | GeoJson | GeoTiff | Masks | Probabilities

__all__ = ["CLASS_TABLE", "WRITERS", "AnyWriter", "Target", "check_stems", "class_table"]
