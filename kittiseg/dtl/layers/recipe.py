"""``recipe``: the end of a query whose pictures are made again whenever they are read."""

from kittiseg.config import settings
from kittiseg.dtl.layer import Sink
from kittiseg.project.storage import Layout


@settings
class Recipe(Sink):
    """Writes of each picture only its source, window and mirrors, with its annotation: thousands take kilobytes.

    Every stage reads such a project as any other, and each picture is made when it is read. For that the source project
    must be there as it was; where it has changed or is gone, reading says so. Layers that change pixels otherwise than
    by windows and mirrors cannot come before it.
    """

    @property
    def layout(self) -> Layout:
        return Layout("recipe")
