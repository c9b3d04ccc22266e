"""``parquet``: the end of a query whose pictures are read at scale."""

from kittiseg.config import settings
from kittiseg.dtl.layer import Sink
from kittiseg.errors import ConfigError, Problem
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.shards import MOST_CLASSES
from kittiseg.project.storage import Layout


@settings
class Parquet(Sink):
    """Writes the project that ``dst`` names as Parquet files, which Ray Data and others read: ``<project>/shards``.

    A row has ``dataset``, ``name``, ``width``, ``height``, ``image`` (the file), ``label_map`` (a PNG of one byte a
    pixel: 0 where no object is, else one more than the place of the object's class in meta.json; later objects cover
    earlier ones), ``annotation`` (JSON), ``tags``, ``source_project``, ``source_dataset``, ``source_name`` and
    ``lineage`` (JSON). Every stage reads such a project as any other.
    """

    @property
    def layout(self) -> Layout:
        return Layout("parquet")

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        if len(meta.classes) > MOST_CLASSES:
            message = f"{len(meta.classes)} classes come, but a label map holds {MOST_CLASSES}; merge or drop some"
            raise ConfigError("parquet", [Problem("", message)])
        return meta
