"""``skeletonize``: masks become lines of one px.

scikit-image is imported where it is needed: that takes longer than most commands.
"""

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

import numpy as np

from kittiseg.config import Doc, settings
from kittiseg.dtl.figures import convert
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.mapping import check_shapes
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.shapes import Bitmap, Shape


@settings
class Skeletonize(Transform):
    """Thins masks until lines one px wide are left.

    ``skeletonization`` is the algorithm of Zhang and Suen (1984), ``thinning`` that of Guo and Hall (1992),
    ``medial_axis`` keeps the px that are equally far from several borders; of equals it takes those of 2018. The new
    objects bear no tags and no description, as in 2018.
    """

    classes: Annotated[tuple[str, ...], Doc("whose masks are thinned, classes of shape bitmap")]
    method: Annotated[Literal["skeletonization", "medial_axis", "thinning"], Doc("the algorithm")]

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        check_shapes(meta, self.classes, shapes=["bitmap"], at="classes")
        return meta

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        def thin(shape: Shape) -> list[Bitmap]:
            assert isinstance(shape, Bitmap)
            mask_hw = METHODS[self.method](shape.mask_hw)
            found = Bitmap.trimmed(mask_hw, top=shape.window.top, left=shape.window.left)
            return [] if found is None else [found]

        yield convert(item, {name: name for name in self.classes}, thin, from_shapes=["bitmap"])


def zhang_suen(mask_hw: np.ndarray) -> np.ndarray:
    from skimage.morphology import skeletonize

    return skeletonize(mask_hw, method="zhang")


def guo_hall(mask_hw: np.ndarray) -> np.ndarray:
    from skimage.morphology import thin

    return thin(mask_hw)


def medial_axis(mask_hw: np.ndarray) -> np.ndarray:
    """The same for the same mask, although scikit-image breaks ties by draws."""
    from skimage.morphology import medial_axis

    return medial_axis(mask_hw, rng=_Ties(np.random.PCG64(0)))


METHODS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "skeletonization": zhang_suen,
    "medial_axis": medial_axis,
    "thinning": guo_hall,
}


class _Ties(np.random.Generator):
    """Permutes as the scikit-image of 2018 did, which had a generator of its own for ties, always begun at 0."""

    def permutation(self, x: Any, axis: int = 0) -> Any:
        return np.random.RandomState(0).permutation(x)
