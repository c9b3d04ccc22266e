"""``save``: the end of a query whose pictures go to other programs."""

from collections.abc import Iterator
from typing import Annotated

from kittiseg.config import Doc, settings
from kittiseg.dtl.layer import Sink
from kittiseg.dtl.painting import beside, draw_visibly, painted, visible
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.storage import Extra, Layout


@settings
class Save(Sink):
    """Writes the project that ``dst`` names as files, pictures or annotations perhaps left out.

    A project without pictures or without annotations is for export only: no stage reads it. Pictures to look at lie in
    ``<data set>/visualize``: the picture, a green column, and the picture with its objects in the colours of their
    classes; lines, points and rectangles as outlines.
    """

    images: Annotated[bool, Doc("whether pictures are written")]
    annotations: Annotated[bool, Doc("whether annotations are written")]
    visualize: Annotated[bool, Doc("whether pictures to look at are written too")] = False

    def __post_init__(self) -> None:
        if not (self.images or self.annotations):
            raise ValueError("'images' or 'annotations' must be true, or nothing would be saved")

    @property
    def layout(self) -> Layout:
        return Layout(images=self.images, annotations=self.annotations)

    @property
    def has_extras(self) -> bool:
        return self.visualize

    def extras(self, item: Item, meta: ProjectMeta) -> Iterator[Extra]:
        if self.visualize:
            paint_hwc = painted(item.annotation, visible(meta.colors), draw_visibly)
            yield "visualize", beside(item.image.pixels(), paint_hwc)
