"""Masks for other programs."""

import pytest

from kittiseg.config import parse
from kittiseg.dtl.layers.save_masks import SaveMasks
from kittiseg.errors import ConfigError
from tests.data.projects import item_with_square, meta_of

META = meta_of({"car": "bitmap"})
NOTHING = {"images": False, "annotations": False, "masks_machine": False, "masks_human": False}


def test_masks_for_programs_have_the_colours_given():
    layer = parse(SaveMasks, {**NOTHING, "masks_machine": True, "gt_machine_color": {"car": [1, 2, 3]}}, source="q")

    ((folder, mask_hwc),) = layer.extras(item_with_square(side=3), META)

    assert folder == "masks_machine"
    assert mask_hwc.reshape(-1, 3).sum(axis=0).tolist() == [9, 18, 27]


def test_black_is_seen_by_people():
    """As (1, 1, 1), which darkens a picture by half."""
    layer = parse(SaveMasks, {**NOTHING, "masks_human": True, "gt_human_color": {"car": [0, 0, 0]}}, source="q")
    item = item_with_square(top=1, left=2, side=3)

    ((_, image_hwc),) = layer.extras(item, META)

    assert image_hwc[1, 9 + 2].tolist() == [(value + 1) // 2 for value in item.image.pixels()[1, 2].tolist()]


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (NOTHING, "one of 'images', 'annotations', 'masks_machine' and 'masks_human' must be true"),
        ({**NOTHING, "masks_human": True}, "'masks_human' needs the colours"),
        ({**NOTHING, "masks_machine": True}, "'masks_machine' needs the colours"),
        ({**NOTHING, "images": True, "gt_human_color": {"car": [1, 2]}}, "gt_human_color/car"),
        ({**NOTHING, "images": True, "gt_machine_color": {"car": [1, 2, 256]}}, "gt_machine_color/car/2"),
    ],
)
def test_refuses_what_cannot_be_painted(settings: dict, problem: str):
    with pytest.raises(ConfigError, match=problem):
        parse(SaveMasks, settings, source="q")
