"""``supervisely``: the end of every query."""

from typing import ClassVar

from kittiseg.config import settings
from kittiseg.dtl.layer import Sink


@settings
class Supervisely(Sink):
    """Writes pictures and annotations as the project that ``dst`` names."""

    free_settings: ClassVar[bool] = True
