"""What an annotation says of the size that it is drawn for."""

from dataclasses import replace

import numpy as np
import pytest

from kittiseg.dtl.annotation_scale import Undoing, forget, recall, remember
from kittiseg.errors import DataError
from kittiseg.project.geometry import Size, Window
from kittiseg.project.motions import Scaling
from tests.data.projects import annotation_of, picture

SMALL = Size(height=6, width=8)
FITTED = Scaling.scale(SMALL, Size(height=20, width=16), 2)
STRETCHED = Scaling.stretch(SMALL, Size(height=18, width=16))


@pytest.mark.parametrize("scaling", [FITTED, STRETCHED])
def test_what_is_remembered_is_recalled(scaling: Scaling) -> None:
    """And nothing of it is left when it is forgotten."""
    annotation = replace(annotation_of({}), extra={"img_hash": "x"})
    noted = remember(annotation, scaling)

    assert recall(noted) == scaling
    assert recall(annotation) is None
    assert forget(noted) == annotation


@pytest.mark.parametrize("note", [{"ann_size_wh": "x"}, {"ann_size_wh": [9, 9], "ann_factors": [0, 1]}])
def test_a_damaged_note_is_refused(note: dict[str, object]) -> None:
    with pytest.raises(DataError, match="wanted two numbers"):
        recall(replace(annotation_of({}), extra=note))


def test_undone_pixels_masks_and_places_are_where_they_were() -> None:
    """The picture lies 4 px below the upper border of the larger one."""
    undoing = Undoing(FITTED)
    image_hwc = picture(SMALL).repeat(2, axis=0).repeat(2, axis=1)
    larger_hwc = np.pad(image_hwc, ((4, 4), (0, 0), (0, 0)))
    mask_hw, place = undoing.mask(np.ones((4, 2), bool), Window(top=6, left=4, height=4, width=2))

    assert (undoing.source, undoing.target) == (Size(height=20, width=16), SMALL)
    assert np.array_equal(undoing.picture(larger_hwc), picture(SMALL))
    assert place == Window(top=1, left=2, height=2, width=1)
    assert mask_hw.all()
    assert undoing.points(np.array([[4.0, 6.0]])).tolist() == [[2, 1]]


def test_a_mask_beside_the_picture_is_gone() -> None:
    mask_hw, _ = Undoing(FITTED).mask(np.ones((4, 2), bool), Window(top=0, left=0, height=4, width=2))

    assert mask_hw.size == 0
