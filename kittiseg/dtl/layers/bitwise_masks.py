"""``bitwise_masks``: masks corrected by another mask."""

from collections.abc import Iterator
from typing import Annotated, Literal

from kittiseg.config import Doc, settings
from kittiseg.dtl.figures import check_kind, convert
from kittiseg.dtl.layer import Rng, Transform
from kittiseg.dtl.mapping import check_shape, check_shapes
from kittiseg.dtl.overlay import laid_out, window_around
from kittiseg.project.geometry import Size, Window
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.shapes import Bitmap, Shape

Operation = Literal["or", "and", "nor"]


@settings
class BitwiseMasks(Transform):
    """Joins masks with the mask of another class (``or``), cuts them to it (``and``), or takes what is in neither.

    The first object of ``class_mask`` counts; ``merge_bitmap_masks`` before this layer makes one of several. A picture
    without it stays as it is. An object that loses all its px goes; the new objects bear no tags and no description.
    ``nor`` is what its name says, over the whole picture; the original wrote the exclusive or under that name.
    """

    type: Annotated[Operation, Doc("px of either mask, of both, or of neither")]
    class_mask: Annotated[str, Doc("the class whose first object corrects the others, of shape bitmap")]
    classes_to_correct: Annotated[tuple[str, ...], Doc("whose masks are corrected, classes of shape bitmap")]

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        check_shape(meta, self.class_mask, shape="bitmap", at="class_mask")
        check_shapes(meta, self.classes_to_correct, shapes=["bitmap"], at="classes_to_correct")
        return meta

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        first = next((figure for figure in item.annotation.figures if figure.class_name == self.class_mask), None)
        if first is None:
            yield item
            return
        check_kind(item, first, ["bitmap"])
        other = first.shape

        def correct(shape: Shape) -> list[Bitmap]:
            assert isinstance(shape, Bitmap)
            assert isinstance(other, Bitmap)
            found = combine(shape, other, self.type, image=item.image.size)
            return [] if found is None else [found]

        mapping = {name: name for name in self.classes_to_correct if name != self.class_mask}
        yield convert(item, mapping, correct, from_shapes=["bitmap"])


def combine(one: Bitmap, other: Bitmap, operation: Operation, *, image: Size) -> Bitmap | None:
    """The px of a picture that one of the two has, that both have, or that neither has; None where there are none."""
    window = Window.whole(image) if operation == "nor" else window_around([one, other])
    one_hw, other_hw = laid_out(one, window), laid_out(other, window)
    if operation == "and":
        found_hw = one_hw & other_hw
    else:
        found_hw = one_hw | other_hw if operation == "or" else ~(one_hw | other_hw)
    return Bitmap.trimmed(found_hw, top=window.top, left=window.left)
