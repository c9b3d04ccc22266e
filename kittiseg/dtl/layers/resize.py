"""``resize``: pictures of another size."""

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from kittiseg.config import settings
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.sizing import NewSize
from kittiseg.project.item import Item


@settings
class Resize(NewSize, Transform):
    """Makes pictures larger or smaller, with all that is on them: pixels bilinear, masks by the nearest pixel.

    With one side of -1, that side follows from the other and the aspect ratio, rounded to whole px. With both given and
    the ratio kept, the picture lies in the middle of a black one of that size. Bitmaps of which no pixel is left go.
    A picture that has the size already is left as it is.
    """

    repaints: ClassVar[bool] = True

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        scaling = self.scaling_of(item)
        same = scaling.target == scaling.source
        yield replace(
            item,
            image=item.image if same else item.image.then(scaling.target, scaling.picture),
            annotation=item.annotation if same else item.annotation.move(scaling),
            did={"size": [scaling.target.width, scaling.target.height]},
        )
