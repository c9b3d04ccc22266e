"""IMPORT: foreign folders and archives -> pictures with annotations. ``FORMATS`` is the table of what can be read."""

from kittiseg.formats.images import Images
from kittiseg.formats.kitti import Kitti
from kittiseg.formats.plan import Converted, Format, ImportTask, PlannedProject
from kittiseg.formats.source import Source
from kittiseg.formats.supervisely import Supervisely

FORMATS: dict[str, Format] = {
    "kitti": Kitti(),
    "images": Images(),
    "supervisely": Supervisely(),
}

__all__ = ["FORMATS", "Converted", "Format", "ImportTask", "PlannedProject", "Source"]
